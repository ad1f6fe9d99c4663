//! Does a rewritten function still compute the same?

use mil_ir::{Graph, Name, Opset};
use mil_ops::eval::{Array, EvalOptions, EvalValue};

use crate::compare::{rounded, ulp};
use crate::{Comparison, Error, Evaluator, Inputs, Outputs, compare};

/// What a rewrite promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumericsClass {
    /// The same bits, NaN-ness and signed zeros included.
    Exact,
    /// Rounding only. Measured against an evaluation of the original in `f64`, the error of an element is at most 4 times the
    /// original's own plus a few units in the last place.
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

/// Units in the last place that a rounding rewrite may always be off.
const SLACK: f64 = 4.0;

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
    for (index, input) in inputs.iter().enumerate() {
        let Ok(old) = old.run(input) else {
            report.failed += 1;
            continue;
        };
        let new = new.run(input)?;
        let exact: Option<Outputs> = exact.as_ref().map(|exact| exact.run(input)).transpose()?;
        for (name, old) in &old {
            let (EvalValue::Array(old), Some(EvalValue::Array(new))) = (old, new.get(name)) else {
                continue;
            };
            let reference = exact.as_ref().and_then(|exact| exact.get(name)?.as_array());
            let mut found = Deviation {
                output: name.clone(),
                input: index,
                comparison: compare(old, new),
                wrong: 0,
                worst: None,
            };
            judge(class, old, new, reference, &mut found, &mut report.skipped);
            report.deviations.push(found);
        }
    }
    Ok(report)
}

fn judge(
    class: NumericsClass,
    old: &Array,
    new: &Array,
    exact: Option<&Array>,
    found: &mut Deviation,
    skipped: &mut usize,
) {
    let comparison = &found.comparison;
    if comparison.mismatch.is_some() {
        found.wrong = old.len().max(1);
        return;
    }
    let (Ok(a), Ok(b)) = (old.reals::<f64>(), new.reals::<f64>()) else {
        found.wrong = comparison.different;
        return;
    };
    match class {
        NumericsClass::Exact => {
            found.wrong = comparison.different;
            let differs = |(&a, &b): (&f64, &f64)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
            let at = a.iter().zip(b.iter()).position(differs);
            found.worst = at.map(|at| (at, a[at], b[at]));
        }
        NumericsClass::Lossy { min_snr_db } => {
            if comparison.nan + comparison.infinite > 0 || comparison.snr_db < min_snr_db {
                found.wrong = comparison.different;
            }
        }
        NumericsClass::Rounding => {
            let Some(Ok(exact)) = exact.map(|exact| exact.reals::<f64>()) else { return };
            let mut worst = 0.0;
            for (at, ((&a, &b), &exact)) in a.iter().zip(b.iter()).zip(exact.iter()).enumerate() {
                if !old.dtype().is_float() || !a.is_finite() || !exact.is_finite() {
                    *skipped += usize::from(a != b && !(a.is_nan() && b.is_nan()));
                    continue;
                }
                let reference = rounded(exact, old.dtype());
                if !reference.is_finite() {
                    *skipped += 1;
                    continue;
                }
                let allowed = 4.0 * (a - exact).abs() + SLACK * ulp(reference, old.dtype());
                let excess = if b.is_finite() { (b - exact).abs() / allowed } else { f64::INFINITY };
                if excess > 1.0 {
                    found.wrong += 1;
                    if excess > worst {
                        worst = excess;
                        found.worst = Some((at, a, b));
                    }
                }
            }
        }
    }
}
