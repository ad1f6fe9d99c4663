//! `milopt diff`.

use std::path::PathBuf;

use crate::cli::{Failure, Outcome, open, say, say_json};
use crate::diff::compare;

/// Compare two models: graph, weights, interface and metadata.
///
/// Ops are matched by the names of their results, then by structure. Weights are compared by hash, with the error where they
/// differ. Exit code 1 if the models differ.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    a: PathBuf,
    /// Another
    b: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let (a, b) = (open(&args.a)?, open(&args.b)?);
    let difference = compare(a.model(), b.model());
    if args.json {
        say_json(&difference)?;
    } else {
        say(&difference.to_string())?;
    }
    if difference.is_empty() { Ok(()) } else { Err(Failure::Limit(String::new())) }
}
