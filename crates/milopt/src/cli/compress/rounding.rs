//! Rounding that makes up for its errors, held against plain rounding.
//!
//! Layers are rounded one by one, and each is closer to the original by itself; the outputs of the whole model
//! need not be. So the model is compressed both ways, and the one stays whose outputs are closer, for calls that
//! neither has learned from where there are two or more.

use mil_ir::Program;
use mil_pass::RunReport;
use serde::Serialize;

use super::calls::{Calls, fidelity, worst};
use crate::cli::Failure;

/// Which of both stayed, and why.
#[derive(Debug, Serialize)]
pub(super) struct Judged {
    /// Calls in all.
    pub(super) calls: usize,
    /// Calls that rounding learned from.
    pub(super) learned: usize,
    /// Calls by which it was judged.
    pub(super) judged: usize,
    /// The least signal to noise of an output with plain rounding, in decibels.
    pub(super) plain_snr_db: f64,
    /// The same with rounding from samples.
    pub(super) compensated_snr_db: f64,
    /// What stayed is rounded from samples.
    pub(super) is_compensated: bool,
}

/// Runs the passes on a program with calls to learn from, and without; keeps what is closer to the original.
pub(super) fn closer(
    program: &mut Program,
    calls: &Calls,
    run: impl Fn(&mut Program, Option<&Calls>) -> Result<RunReport, Failure>,
) -> Result<(RunReport, Judged), Failure> {
    let (learned, judges) = calls.parts();
    let reference = judges.outputs(program)?;
    let snr = |program: &Program| -> Result<f64, Failure> {
        Ok(worst(&fidelity(&reference, &judges.outputs(program)?)).unwrap_or(f64::INFINITY))
    };
    let mut plain = program.clone();
    let plain_report = run(&mut plain, None)?;
    let report = run(program, Some(&learned))?;
    let (plain_snr_db, compensated_snr_db) = (snr(&plain)?, snr(program)?);
    let is_compensated = compensated_snr_db >= plain_snr_db;
    let judged = Judged {
        calls: calls.inputs.len(),
        learned: learned.inputs.len(),
        judged: judges.inputs.len(),
        plain_snr_db,
        compensated_snr_db,
        is_compensated,
    };
    if is_compensated {
        return Ok((report, judged));
    }
    *program = plain;
    Ok((plain_report, judged))
}
