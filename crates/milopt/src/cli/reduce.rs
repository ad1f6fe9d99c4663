//! `milopt reduce`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mil_package::Package;
use serde_json::json;

use crate::cli::{Context, Failure, Outcome, open, say, say_json};
use crate::inspect::histogram;
use crate::reduce::reduce;
use crate::words;

/// Find the smallest model that still shows a fault.
///
/// COMMAND is run by the shell on each candidate, whose path stands for `{}`; exit code 0 says that the fault
/// still shows. Functions, outputs and ops are left out, weights become constants of one number, and sizes
/// smaller ones; each candidate is a valid model. Each that is smaller and shows the fault is written to OUT at
/// once, so the search can be stopped at any time.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil; `-` reads standard input
    input: PathBuf,
    /// What says whether the fault shows: exit code 0 if it does
    #[arg(long, value_name = "COMMAND")]
    keep: String,
    /// What to write: .mlpackage, or .mil with its weights beside it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  milopt reduce A.mlpackage -o small.mlpackage --keep '! milopt run {} --pass my_pass --verify-numerics'
  milopt reduce A.mlpackage -o small.mlpackage --keep 'milopt estimate {} | grep -q \"gather\"'";

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    Package::check_output(&args.output)?;
    let package = open(&args.input)?;
    let Some(program) = package.model().as_program() else {
        let kind = package.model().kind();
        return Err(Failure::Input(format!(
            "{} is of type {kind}: ML Programs are reduced",
            args.input.display()
        )));
    };
    let folder = tempfile::tempdir()?;
    let candidate = folder.path().join("candidate.mlpackage");
    let found = reduce(program, |program| -> Result<bool, Failure> {
        let package = Package::from(program.clone());
        package.save(&candidate)?;
        let shows = shows(&args.keep, &candidate)?;
        if shows {
            package.save(&args.output)?;
        }
        Ok(shows)
    })?;
    let Some(found) = found else {
        return Err(Failure::Input(format!(
            "{}: the fault does not show: --keep ends with another exit code than 0",
            args.input.display()
        )));
    };
    let count = |program: &mil_ir::Program| -> usize {
        program.graphs().map(|(_, _, graph)| histogram(graph).values().sum::<usize>()).sum()
    };
    let (before, after) = (count(program), count(&found.program));
    if args.json {
        return say_json(&json!({
            "ops_before": before, "ops": after, "tried": found.tried, "kept": found.kept,
            "output": args.output,
        }));
    }
    if context.quiet {
        return Ok(());
    }
    say(&format!(
        "{}, {} tried, wrote {}\n",
        words::count_change(before, after, "op"),
        words::count(found.tried, "candidate"),
        args.output.display()
    ))
}

/// Whether the fault shows in a candidate.
fn shows(command: &str, candidate: &Path) -> Result<bool, Failure> {
    let command = command.replace("{}", &candidate.display().to_string());
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut process = Command::new(shell);
    process.arg(flag).arg(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok(process.status()?.success())
}
