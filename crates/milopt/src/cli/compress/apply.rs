//! Running the passes of a compression.

use mil_ir::Program;
use mil_ir::verify::Report as Rules;
use mil_pass::{Pipeline, Registry, RunReport, Runner};
use serde_json::Value;

use super::calls::Calls;
use super::steps::SAMPLES;
use crate::cli::watch::Progress;
use crate::cli::{Failure, chain};

/// Runs a pipeline in JSON. `known` are the rules that the program is known to break.
pub(super) fn apply(
    pipeline: &Value,
    program: &mut Program,
    calls: Option<&Calls>,
    known: Option<Rules>,
    registry: &Registry,
) -> Result<RunReport, Failure> {
    let pipeline = Pipeline::from_json(&pipeline.to_string(), registry)?;
    let mut runner = Runner::new();
    if let Some(known) = known {
        runner = runner.verified(known);
    }
    if let Some(calls) = calls {
        runner = runner.samples(SAMPLES, calls.samples.clone());
    }
    let runner = runner.instrument(Progress::new(pipeline.passes().count()));
    runner.run(&pipeline, program).map_err(|error| Failure::Pass(chain(&error)))
}
