//! `milopt inspect`.

use std::path::{Path, PathBuf};

use crate::cli::{Outcome, open, say, say_json};
use crate::inspect::summarize;

/// What a person asks first: interface, functions, states, op counts, weights, versions.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut summary = summarize(open(&args.input)?.model());
    // What was opened a moment ago; a file that is gone since has no size.
    summary.file_bytes = size(&args.input).ok();
    if args.json { say_json(&summary) } else { say(&summary.to_string()) }
}

/// Bytes of a file, or of all files in a folder. Links count as what they lead to, folders behind links do
/// not.
fn size(path: &Path) -> std::io::Result<u64> {
    let mut total = 0;
    let mut folders = Vec::new();
    let found = std::fs::metadata(path)?;
    if found.is_dir() {
        folders.push(path.to_path_buf())
    } else {
        total = found.len()
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(found) = std::fs::metadata(entry.path())
                && found.is_file()
            {
                total += found.len();
            }
        }
    }
    Ok(total)
}
