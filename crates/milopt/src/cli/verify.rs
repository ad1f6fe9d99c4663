//! `milopt verify`.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::{Failure, Outcome, open, say, say_json};

/// Check a model against the rules of the format and of each op.
///
/// Each op is looked at by itself; then sizes are followed from the inputs on. All violations are listed; what this version cannot judge (unknown ops, opsets, element types) is told apart. Exit code 3
/// if there is a violation.
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
    let (mut violations, mut unchecked) = (Vec::new(), Vec::new());
    for (path, program) in package.model().programs() {
        let at: String = path.iter().map(|index| format!("member {index}: ")).collect();
        let mut report = mil_ops::verify_program(program);
        if report.is_clean() {
            report.violations = mil_ops::verify_shapes(program).violations;
        }
        violations.extend(report.violations.iter().map(|violation| format!("{at}{violation}")));
        unchecked.extend(report.unchecked.iter().map(|what| format!("{at}{what}")));
    }
    for (path, opaque) in package.model().opaques() {
        let at: String = path.iter().map(|index| format!("member {index}: ")).collect();
        let report = mil_package::payload::verify(opaque);
        violations.extend(report.violations.iter().map(|violation| format!("{at}{violation}")));
        unchecked.extend(report.unchecked.iter().map(|what| format!("{at}{what}")));
    }
    if args.json {
        say_json(&json!({"violations": violations, "unchecked": unchecked}))?;
    } else {
        for violation in &violations {
            say(&format!("violation: {violation}\n"))?;
        }
        for what in &unchecked {
            say(&format!("unchecked: {what}\n"))?;
        }
        say(&format!("{} violations, {} unchecked\n", violations.len(), unchecked.len()))?;
    }
    if violations.is_empty() { Ok(()) } else { Err(Failure::Pass(String::new())) }
}
