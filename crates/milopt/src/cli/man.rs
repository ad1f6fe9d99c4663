//! `milopt man`.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::cli::{Cli, Context, Failure, Outcome, say};
use crate::words;

/// Write the manual pages into a folder: one for milopt, one for each command.
///
/// For the manual of one user: milopt man ~/.local/share/man/man1
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; it is made if it is not there
    folder: PathBuf,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let fault = |error| Failure::Input(format!("cannot write to {}: {error}", args.folder.display()));
    std::fs::create_dir_all(&args.folder).map_err(fault)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(fault)?;
    if context.quiet {
        return Ok(());
    }
    let pages = std::fs::read_dir(&args.folder).map_err(fault)?.count();
    say(&format!("{} in {}\n", words::count(pages, "page"), args.folder.display()))
}
