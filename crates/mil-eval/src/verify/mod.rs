//! Does a rewritten function still compute the same?

mod rounding;

use mil_ir::{Graph, Name, Opset};
use mil_ops::eval::{Array, EvalOptions, EvalValue};

use self::rounding::Outputs3;
use crate::{Comparison, Error, Evaluator, Inputs, Outputs, compare};

/// What a rewrite promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumericsClass {
    /// The same bits, NaN-ness and signed zeros included.
    Exact,
    /// Rounding only. Measured against an evaluation of the original in `f64`, the error of an element is at most 4 times the
    /// original's own, plus what is usual in the output, plus a few units in the last place.
    Rounding,
    /// A declared loss.
    Lossy {
        /// Signal to noise that remains, in dB.
        min_snr_db: f64,
    },
}

/// How far an output is from what was promised.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// The output.
    pub output: Name,
    /// Which of the inputs.
    pub input: usize,
    /// The output of the rewritten function against that of the original.
    pub comparison: Comparison,
    /// Elements that break the promise.
    pub wrong: usize,
    /// The worst of them: place, what the original gives, what the rewritten function gives.
    pub worst: Option<(usize, f64, f64)>,
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every output of every input, in order.
    pub deviations: Vec<Deviation>,
    /// Elements that were left out, as the original is not finite there, or its rounding decides something that no bound can
    /// tell: an integer output that depends on floats.
    pub skipped: usize,
    /// Inputs for which the original fails; the rewritten function may fail there, too.
    pub failed: usize,
}

impl Report {
    /// Nothing breaks the promise.
    pub fn holds(&self) -> bool {
        self.deviations.iter().all(|found| found.wrong == 0)
    }

    /// The outputs that break the promise.
    pub fn broken(&self) -> impl Iterator<Item = &Deviation> {
        self.deviations.iter().filter(|found| found.wrong > 0)
    }
}

/// A graph with its opset.
pub(crate) type Side<'g> = (&'g Graph, &'g Opset);

/// Runs a function before and after a rewrite on some inputs, and holds the outputs against a promise.
///
/// Each input is a call of its own, with states at zero.
///
/// # Errors
///
/// If one of the two cannot be run at all, or the rewritten function fails where the original does not.
pub fn verify(
    before: Side<'_>,
    after: Side<'_>,
    class: NumericsClass,
    inputs: &[Inputs],
    options: &EvalOptions,
) -> Result<Report, Error> {
    let old = Evaluator::of_graph(before.0, before.1, "before".into(), None, options.clone())?;
    let new = Evaluator::of_graph(after.0, after.1, "after".into(), None, options.clone())?;
    let exact = match class {
        NumericsClass::Rounding => {
            let double = options.clone().double();
            Some(Evaluator::of_graph(before.0, before.1, "before".into(), None, double)?)
        }
        _ => None,
    };
    let mut report = Report::default();
    let mut runs: Vec<Run> = Vec::new();
    for (input, values) in inputs.iter().enumerate() {
        let Ok(old) = old.run(values) else {
            report.failed += 1;
            continue;
        };
        let new = new.run(values)?;
        let exact = exact.as_ref().map(|exact| exact.run(values)).transpose()?;
        runs.push(Run { input, old, new, exact });
    }
    let Some(first) = runs.first() else { return Ok(report) };
    for name in first.old.keys() {
        judge(class, name, &runs, &mut report);
    }
    Ok(report)
}

/// One input's outputs: before, after, and before in `f64`.
struct Run {
    input: usize,
    old: Outputs,
    new: Outputs,
    exact: Option<Outputs>,
}

/// Holds one output of all inputs against the promise.
fn judge(class: NumericsClass, name: &Name, runs: &[Run], report: &mut Report) {
    let array = |outputs: &Outputs| outputs.get(name).and_then(EvalValue::as_array).cloned();
    let pairs: Vec<(&Run, Array, Array)> =
        runs.iter().filter_map(|run| Some((run, array(&run.old)?, array(&run.new)?))).collect();
    let rounded: Vec<Option<Outputs3>> =
        pairs.iter().map(|(run, old, new)| Outputs3::new(old, new, &array(run.exact.as_ref()?)?)).collect();
    let known: Vec<&Outputs3> = rounded.iter().flatten().collect();
    let usual = rounding::usual_relative(&known);
    for ((run, old, new), rounded) in pairs.iter().zip(&rounded) {
        let comparison = compare(old, new);
        let mut found =
            Deviation { output: name.clone(), input: run.input, comparison, wrong: 0, worst: None };
        let comparison = &found.comparison;
        match (class, rounded) {
            _ if comparison.mismatch.is_some() => found.wrong = old.len().max(1),
            (NumericsClass::Exact, _) => {
                found.wrong = comparison.different;
                found.worst = first_difference(old, new);
            }
            (NumericsClass::Lossy { min_snr_db }, _) => {
                if comparison.nan + comparison.infinite > 0 || comparison.snr_db < min_snr_db {
                    found.wrong = comparison.different;
                }
            }
            (NumericsClass::Rounding, Some(output)) => {
                let judgement = rounding::judge(output, usual);
                (found.wrong, found.worst) = (judgement.wrong, judgement.worst);
                report.skipped += judgement.skipped;
            }
            // Where floats decide an integer, no bound can tell.
            (NumericsClass::Rounding, None) => report.skipped += comparison.different,
        }
        report.deviations.push(found);
    }
}

/// The first element whose bits differ; every NaN is the same.
fn first_difference(old: &Array, new: &Array) -> Option<(usize, f64, f64)> {
    let (a, b) = (old.reals::<f64>().ok()?, new.reals::<f64>().ok()?);
    let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
    let at = a.iter().zip(b.iter()).position(differs)?;
    Some((at, a[at], b[at]))
}
