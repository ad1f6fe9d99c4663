//! `milopt cut`.

use std::path::PathBuf;

use mil_ir::Model;
use serde_json::json;

use super::{beside, failure, program, write};
use crate::cli::{Context, Outcome, open, say, say_json};
use crate::surgery::cut;

/// Cut a model in two at named values.
///
/// OUT.mlpackage becomes OUT_before.mlpackage, which computes the values, and OUT_after.mlpackage, which takes
/// them and computes the rest. What the rest needs beside them crosses as well, and is named. Outputs that are
/// computed before the cut stay outputs there.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// The values, by name or by the label of their op
    #[arg(long, required = true, value_name = "VALUES", value_delimiter = ',')]
    at: Vec<String>,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The function to cut; what runs where an app names none where it is not said
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let package = open(&args.input)?;
    let known = crate::verify(package.model());
    let found = cut(program(&args.input, &package)?, args.function.as_deref(), &args.at).map_err(failure)?;
    let (before, after) = (beside(&args.output, "before"), beside(&args.output, "after"));
    let models =
        vec![(before.clone(), Model::Program(found.before)), (after.clone(), Model::Program(found.after))];
    write(models, &known)?;
    let crossing: Vec<&str> = found.crossing.iter().map(|name| name.as_str()).collect();
    if args.json {
        return say_json(&json!({"before": before, "after": after, "crossing": crossing}));
    }
    if context.quiet {
        return Ok(());
    }
    say(&format!("{} cross, wrote {} and {}\n", crossing.join(", "), before.display(), after.display()))
}
