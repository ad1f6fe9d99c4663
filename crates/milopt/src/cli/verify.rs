//! `milopt verify`.

use std::path::PathBuf;

use mil_ir::verify::Report;

use crate::cli::{Failure, Outcome, open, say, say_json};

/// Check a model against the rules of the format, of Core ML and of each op.
///
/// Each op is looked at by itself; then sizes are followed from the inputs on. The interface is held against
/// the program, and members of a pipeline against each other. All violations are listed, with the code of the
/// rule (docs/generated/violations.md); what this version cannot judge is told apart as unchecked. Exit code
/// 3 if there is a violation.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let package = open(&args.input)?;
    let mut report = Report { violations: package.mended().to_vec(), ..Report::default() };
    report.extend(crate::verify(package.model()));
    if args.json {
        say_json(&crate::verify::to_json(&report))?;
    } else {
        say(&listing(&report))?;
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Pass(String::new())) }
}

/// A line for each violation and for each thing that was not judged, and a summary.
fn listing(report: &Report) -> String {
    let mut text = String::new();
    for violation in &report.violations {
        text.push_str(&format!("violation: {violation}\n"));
    }
    for unchecked in &report.unchecked {
        text.push_str(&format!("unchecked: {unchecked}\n"));
    }
    let plural = |count: usize| match count {
        0 => "no violations".to_owned(),
        1 => "1 violation".to_owned(),
        count => format!("{count} violations"),
    };
    let unchecked = match report.unchecked.len() {
        0 => String::new(),
        count => format!(", {count} unchecked"),
    };
    text + &plural(report.violations.len()) + &unchecked + "\n"
}
