//! `milopt diff`.

use std::path::PathBuf;

use crate::cli::{Failure, Outcome, open, say, say_json};
use crate::diff::compare;

/// Compare two models: graph, weights, interface and metadata.
///
/// Ops are matched by the names of their results, by labels, and by what they take; an op that was only cast
/// to another float type is the same op. Weights are compared by contents, with the error where they differ.
/// Says in short what differs; -v lists it. Exit code 1 if the models differ.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    a: PathBuf,
    /// Another
    b: PathBuf,
    /// List every op and weight that differs
    #[arg(short, long, visible_alias = "full")]
    verbose: bool,
    /// Only a table of the op types of which there are more or fewer
    #[arg(long, conflicts_with = "verbose")]
    stat: bool,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let (a, b) = (open(&args.a)?, open(&args.b)?);
    let difference = compare(a.model(), b.model());
    if args.json {
        say_json(&difference)?;
    } else if args.stat {
        say(&difference.table())?;
    } else {
        say(&difference.to_string())?;
        if args.verbose {
            say(&difference.details())?;
        }
    }
    if difference.is_empty() { Ok(()) } else { Err(Failure::Limit(String::new())) }
}
