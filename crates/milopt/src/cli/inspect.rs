//! `milopt inspect`.

use std::path::PathBuf;

use crate::cli::{Outcome, open, say, say_json};
use crate::inspect::summarize;

/// What a person asks first: interface, functions, states, op counts, weights, versions.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let summary = summarize(open(&args.input)?.model());
    if args.json { say_json(&summary) } else { say(&summary.to_string()) }
}
