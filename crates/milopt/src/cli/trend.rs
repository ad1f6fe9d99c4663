//! `milopt trend`.

use std::io::Write;
use std::path::{Path, PathBuf};

use mil_estimate::{Record, history, history_github, history_junit, history_report, history_svg};

use crate::cli::{Failure, Outcome, say, say_json};
use crate::words;

/// How estimates changed over time, and which ops made them worse.
///
/// Reads what `estimate --record` wrote. Records of one model for one target are compared line by line: one is
/// worse that costs over a hundredth more, or falls into more segments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Histories
    #[arg(required = true, value_name = "FILE.jsonl")]
    input: Vec<PathBuf>,
    /// Exit with code 1 if the last record of a model is worse than the one before it
    #[arg(long)]
    check: bool,
    /// Print what the last records made worse as annotations of GitHub's workflows instead
    #[arg(long, conflicts_with = "json")]
    github: bool,
    /// Write the last records as tests of JUnit's form
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Draw the costs
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut records: Vec<Record> = Vec::new();
    for path in &args.input {
        let fault = |what: String| Failure::Input(format!("{}: {what}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let record = serde_json::from_str(line);
            records.push(record.map_err(|error| fault(format!("line {}: {error}", at + 1)))?);
        }
    }
    let all = history(records);
    let write = |path: &Path, text: String| -> Outcome {
        Ok(mil_package::write_file(path, |mut file| file.write_all(text.as_bytes()))?)
    };
    if let Some(path) = &args.svg {
        write(path, history_svg(&all))?;
    }
    if let Some(path) = &args.junit {
        write(path, history_junit(&all))?;
    }
    if args.json {
        say_json(&all)?;
    } else if args.github {
        say(&history_github(&all))?;
    } else {
        say(&history_report(&all))?;
    }
    let is_worse = |series: &&mil_estimate::Series| {
        series.regressions.last().is_some_and(|worse| worse.at + 1 == series.records.len())
    };
    match all.iter().filter(is_worse).count() {
        worse if args.check && worse > 0 => {
            Err(Failure::Limit(format!("{} worse than before", words::count(worse, "estimate"))))
        }
        _ => Ok(()),
    }
}
