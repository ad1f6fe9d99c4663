//! `milopt print`.

use std::path::PathBuf;

use mil_ir::text;

use crate::cli::{Context, Failure, Outcome, open, say, say_json};

/// Show a model as MIL text.
///
/// Small constants stand in the ops that take them, floats are decimal, and large tensors are shown by hash
/// and length. --full shows every op as the file has it, in the form that prints the same bytes after it was
/// read: for storing and comparing. Both are read everywhere as .mil; `run -o X.mil` writes text and weights
/// from which the model can be made again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// Only this function
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Every op as it stands in the file, floats in hexadecimal
    #[arg(long)]
    full: bool,
    /// Apple's grammar only; says on standard error what that leaves out
    #[arg(long, conflicts_with = "full")]
    apple: bool,
    /// Print JSON for scripts: the text as a string, and what was left out
    #[arg(long)]
    json: bool,
}

#[allow(clippy::print_stderr, reason = "notes beside the text")]
pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let package = open(&args.input)?;
    if let Some(name) = &args.function
        && !package
            .model()
            .programs()
            .iter()
            .any(|(_, program)| program.functions.contains_key(name.as_str()))
    {
        return Err(Failure::Input(format!("{} has no function {name}", args.input.display())));
    }
    let mut options = match (args.apple, args.full) {
        (true, _) => text::PrintOptions::apple(),
        (false, true) => text::PrintOptions::default(),
        (false, false) => text::PrintOptions::readable(),
    };
    options.function = args.function.as_deref().map(Into::into);
    let mut text = String::new();
    let dropped =
        text::write_model(&mut text, package.model(), &options, &mut |_, _| text::Placement::BySize)?;
    if args.json {
        return say_json(&serde_json::json!({"text": text, "dropped": dropped}));
    }
    for what in dropped.iter().filter(|_| !context.quiet) {
        eprintln!("milopt: left out: {what}");
    }
    say(&text)
}
