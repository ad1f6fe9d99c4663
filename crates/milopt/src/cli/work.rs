//! `milopt work`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::{Context, Failure, Outcome, say, say_json};
use crate::fleet::{self, FleetError, Plan, Shard};
use crate::words;

/// Do some tasks of a plan.
///
/// Each task leaves two files in the folder of parts: the tensors that its weight becomes, and JSON that says what
/// they are, what was lost and how long it took. A task whose part is there and whole is not done again, so that a
/// machine that was stopped goes on where it was. Only the weights of the tasks are read.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(super) struct Args {
    /// A plan
    plan: PathBuf,
    /// The folder of parts; machines may share one
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// A task by its number; may be repeated
    #[arg(long, value_name = "N", group = "which")]
    task: Vec<usize>,
    /// The tasks of one of N machines, counted from 0, of which each has about as much to do
    #[arg(long, value_name = "I/N", group = "which")]
    shard: Option<Shard>,
    /// Where the model lies here, if not where it was planned
    #[arg(long, value_name = "MODEL")]
    input: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let plan = Plan::read(&args.plan, &context.registry)?;
    let tasks = args.shard.map_or_else(|| args.task.clone(), |shard| plan.shard(shard));
    // Draws to standard error, and only to a terminal.
    let bar = indicatif::ProgressBar::new(tasks.len() as u64);
    let mut progress = |done: usize, all: usize, weight: &str| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(weight.to_owned());
        ControlFlow::Continue(())
    };
    let worked =
        fleet::work(&plan, &tasks, &args.output, args.input.as_deref(), &context.registry, &mut progress);
    bar.finish_and_clear();
    let worked = worked.map_err(failure)?;
    if args.json {
        return say_json(&json!({"done": worked.done, "known": worked.known}));
    }
    if context.quiet {
        return Ok(());
    }
    let known = match worked.known.len() {
        0 => String::new(),
        count => format!(", {count} done before"),
    };
    say(&format!(
        "{} done{known}, parts in {}\n",
        words::count(worked.done.len(), "task"),
        args.output.display()
    ))
}

/// A pass that failed is not bad input.
pub(super) fn failure(error: FleetError) -> Failure {
    let message = crate::cli::chain(&error);
    if error.is_of_passes() { Failure::Pass(message) } else { Failure::Input(message) }
}
