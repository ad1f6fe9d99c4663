//! `milopt print`.

use std::path::PathBuf;

use mil_ir::text;

use crate::cli::{Failure, Outcome, open, say, say_json};

/// Show a model as MIL text.
///
/// Large tensors are shown by hash and length, so that the text can be stored and compared. `run -o X.mil` writes text from
/// which the model can be made again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Only this function
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Apple's grammar only; says on standard error what that leaves out
    #[arg(long)]
    apple: bool,
    /// Print JSON for scripts: the text as a string, and what was left out
    #[arg(long)]
    json: bool,
}

#[allow(clippy::print_stderr, reason = "notes beside the text")]
pub(super) fn run(args: &Args) -> Outcome {
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
    let mut options = if args.apple { text::PrintOptions::apple() } else { text::PrintOptions::default() };
    options.function = args.function.as_deref().map(Into::into);
    let mut text = String::new();
    let dropped =
        text::write_model(&mut text, package.model(), &options, &mut |_, _| text::Placement::BySize)?;
    if args.json {
        return say_json(&serde_json::json!({"text": text, "dropped": dropped}));
    }
    for what in dropped {
        eprintln!("milopt: left out: {what}");
    }
    say(&text)
}
