//! `milopt estimate`.

use std::path::PathBuf;

use mil_estimate::{Target, estimate, report};

use crate::cli::pipeline::pipeline;
use crate::cli::{Failure, Outcome, chain, open, say, say_json};

/// Predict where Core ML places each op, how the program falls into segments, and why.
///
/// Nothing is written. With --what-if, the program is rewritten first, in memory.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A model: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// The chip as Apple writes it, without spaces: M1, M4Pro, A17Pro
    #[arg(long, default_value = "M4")]
    chip: String,
    /// The system's version: macOS for M chips, iOS for A chips
    #[arg(long, default_value = "26")]
    os: String,
    /// What the app allows: cpu-only, cpu-and-ne, cpu-and-gpu or all
    #[arg(long, default_value = "cpu-and-ne")]
    units: String,
    /// A pipeline to run first: name, file or text
    #[arg(long, value_name = "PIPELINE")]
    what_if: Option<String>,
    /// Fail if a function falls into more segments
    #[arg(long, value_name = "N")]
    max_segments: Option<usize>,
    /// Fail if a smaller share of the ops is on the Neural Engine, from 0 to 1
    #[arg(long, value_name = "X")]
    min_ane_share: Option<f64>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let target = Target::new(&args.chip, &args.os, &args.units)?;
    let mut package = open(&args.input)?;
    if let Some(text) = &args.what_if {
        let pipeline = pipeline(text, &mil_passes::registry())?;
        for program in package.model_mut().programs_mut() {
            pipeline.run(program).map_err(|error| Failure::Pass(chain(&error)))?;
        }
    }
    let estimates: Vec<_> =
        package.model().programs().iter().map(|(_, program)| estimate(program, &target)).collect();
    if estimates.is_empty() {
        return Err(Failure::Input(format!("{} holds no ML Program", args.input.display())));
    }
    for found in &estimates {
        if args.json {
            say_json(found)?;
        } else {
            say(&report(found, is_terminal()))?;
        }
    }
    let mut broken = Vec::new();
    for (name, function) in estimates.iter().flat_map(|found| &found.functions) {
        let summary = &function.summary;
        if let Some(max) = args.max_segments.filter(|&max| summary.segments > max) {
            broken.push(format!("{name} falls into {} segments, more than {max}", summary.segments));
        }
        if let Some(min) = args.min_ane_share.filter(|&min| summary.ane_share < min) {
            broken
                .push(format!("{:.3} of {name} is on the Neural Engine, less than {min}", summary.ane_share));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::Limit(broken.join("; "))) }
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdout()) && std::env::var_os("NO_COLOR").is_none()
}
