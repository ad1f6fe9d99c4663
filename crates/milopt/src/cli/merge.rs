//! `milopt merge`.

use std::path::PathBuf;

use crate::cli::work::failure;
use crate::cli::{Context, Outcome, say, say_json};
use crate::fleet::{self, Plan};
use crate::rewrite::Size;
use crate::words;

/// Put the parts of a plan together, and write the model.
///
/// What is written is what one machine alone would write, byte for byte. A part that is missing, damaged or of
/// another plan is an error that names it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan
    plan: PathBuf,
    /// The folder of parts
    parts: PathBuf,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Where the model lies here, if not where it was planned
    #[arg(long, value_name = "MODEL")]
    input: Option<PathBuf>,
    /// Print a report as JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let plan = Plan::read(&args.plan, &context.registry)?;
    let merged = fleet::merge(&plan, &args.parts, &args.output, args.input.as_deref(), &context.registry);
    let merged = merged.map_err(failure)?;
    if args.json {
        return say_json(&serde_json::json!({"key": plan.key, "output": args.output, "programs": merged}));
    }
    if context.quiet {
        return Ok(());
    }
    let bytes = |sizes: &[Size]| sizes.iter().map(|size| size.weight_bytes).sum::<u64>();
    say(&format!(
        "{} merged, {} of weights, wrote {}\n",
        words::count(plan.tasks.len(), "task"),
        words::bytes_change(bytes(&merged.before), bytes(&merged.after)),
        args.output.display()
    ))
}
