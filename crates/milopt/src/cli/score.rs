//! `milopt score`.

use std::path::PathBuf;

use mil_estimate::{DevicePlan, estimate, score};

use crate::cli::estimate::{share, target};
use crate::cli::{Failure, Outcome, open, say, say_json};

/// Compare an estimate with a plan that Core ML made on a device.
///
/// The plan is a dump of MLComputePlan, as JSON or tab-separated text; docs/placement.md has the format, and
/// a Swift and a Python snippet that write one. Devices and what the Neural Engine can run are compared op by
/// op, and disagreements are counted by op type and by the rule that we gave.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The model that the plan was made of: .mlpackage, .mlmodel, .mlmodelc or .mil
    input: PathBuf,
    /// The plan: .json or .tsv
    plan: PathBuf,
    /// The chip that it was made on; needed where the plan does not say
    #[arg(long)]
    chip: Option<String>,
    /// The system's version; needed where the plan does not say
    #[arg(long)]
    os: Option<String>,
    /// The compute units; where neither says, cpu-and-ne
    #[arg(long)]
    units: Option<String>,
    /// Fail if a smaller share of the devices is right: from 0 to 1, or 95%
    #[arg(long, value_name = "X", value_parser = share)]
    device_at_least: Option<f64>,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let text = std::fs::read_to_string(&args.plan)
        .map_err(|error| Failure::Input(format!("cannot read {}: {error}", args.plan.display())))?;
    let mut plan = DevicePlan::parse(&text)?;
    // A file of labels may hold the plans of many models.
    if plan.ops.iter().any(|op| op.model.is_some()) {
        let model =
            args.input.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        plan.ops.retain(|op| op.model.as_deref().is_none_or(|name| name == model));
        if plan.ops.is_empty() {
            return Err(Failure::Input(format!("{} has no op of the model {model}", args.plan.display())));
        }
    }
    let missing = |what: &str| Failure::Input(format!("the plan does not say its {what}: give --{what}"));
    let chip = args.chip.as_ref().or(plan.chip.as_ref()).ok_or_else(|| missing("chip"))?;
    let os = args.os.as_ref().or(plan.os.as_ref()).ok_or_else(|| missing("os"))?;
    let units = args.units.as_ref().or(plan.units.as_ref()).map_or("cpu-and-ne", |units| units);
    let target = target(chip, os, units)?;
    let package = open(&args.input)?;
    let programs = package.model().programs();
    let [(_, program)] = programs[..] else {
        let count = programs.len();
        return Err(Failure::Input(format!("{} holds {count} ML Programs, not one", args.input.display())));
    };
    let found = score(&estimate(program, &target), &plan);
    if found.ops == 0 {
        return Err(Failure::Input("no op of the plan is in the model: is it another model's?".to_owned()));
    }
    if args.json {
        say_json(&found)?;
    } else {
        say(&found.report())?;
    }
    match args.device_at_least.filter(|&least| found.device_share() < least) {
        Some(least) => Err(Failure::Limit(format!(
            "{:.3} of the devices are right, less than {least}",
            found.device_share()
        ))),
        None => Ok(()),
    }
}
