//! Does a rewritten function still compute the same?
//!
//! Both functions run on the same inputs; where they have states, three times in a row. Every output of every
//! call and every state at the end is held against the promise of the rewrite ([`Numerics`]). An output or a
//! state that only one of the two has breaks every promise.
//!
//! # What `Rounding` allows
//!
//! The reference is the original, evaluated in `f64`. How far rounding may carry an element from it is found
//! by trying: the original is evaluated again and again with each of its roundings falling another way. A
//! float constant, unless it is a single power of two, goes to a neighbour in its type or stays, and so does
//! each result of an op that was rounded. The most that the element moves in such evaluations, and in the
//! original itself, is its *noise*. The rewritten function may be off by 8 times the noise, and by 4 units in
//! the last place.
//!
//! So a weight that is folded and rounded once to `fp16` is no violation: the original's weight, moved by one
//! unit in the last place, moves the sum of its products by as much. A weight that vanishes is one, as no
//! rounding of the original takes all of it away. And an element that is exact by luck, behind twenty layers
//! or where terms cancel, is judged by the same measure as its neighbours.
//!
//! An integer, a flag or a text that comes out the same in all evaluations must be the same after the
//! rewrite; one that differs between them is decided by rounding, and counted as left out. So is an element
//! that is not finite in one of them; but where all say the same infinity, NaN is wrong.
//!
//! An element that seems wrong by this measure is left out, too, where the original's hangs on something that
//! rounding decides beyond any measure: a number that overflowed, as the original then computes on with an
//! infinity that the rewrite may not meet, or a sum or product of which that is true in another order; a divisor
//! that may be 0, being no larger than 8 times its own noise, and the sign of a sum that is 0; and, if only the
//! rewrite is infinite or NaN, a number close to the largest of its type, where a scale that is folded may
//! overflow.

mod align;
mod rounding;
mod seen;

use mil_ir::{Graph, Opset};
use mil_ops::Numerics;
use mil_ops::eval::{Array, EvalOptions};

use self::rounding::Trials;
use self::seen::Seen;
use crate::{Comparison, Error, Evaluator, Inputs, compare};

pub use self::align::align;
pub(crate) use self::rounding::NOISE;
pub use self::seen::Place;

/// How far a value is from what was promised.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// Output or state.
    pub place: Place,
    /// Which of the inputs.
    pub input: usize,
    /// The value of the rewritten function against that of the original.
    pub comparison: Comparison,
    /// Elements that break the promise.
    pub wrong: usize,
    /// The worst of them: place, what the original gives, what the rewritten function gives.
    pub worst: Option<(usize, f64, f64)>,
}

/// What [`verify`] found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every output and state for every input, in order.
    pub deviations: Vec<Deviation>,
    /// Elements that were left out: see the module's documentation.
    pub skipped: usize,
    /// Inputs for which the original fails; the rewritten function may fail there, too.
    pub failed: usize,
    /// Why it fails for the first of them.
    pub failure: Option<String>,
}

impl Report {
    /// Nothing breaks the promise.
    pub fn holds(&self) -> bool {
        self.deviations.iter().all(|found| found.wrong == 0)
    }

    /// The values that break the promise.
    pub fn broken(&self) -> impl Iterator<Item = &Deviation> {
        self.deviations.iter().filter(|found| found.wrong > 0)
    }

    /// The lowest signal-to-noise ratio of all values, in dB; infinite where nothing differs.
    pub fn worst_db(&self) -> f64 {
        self.deviations.iter().map(|found| found.comparison.snr_db).fold(f64::INFINITY, f64::min)
    }

    /// Elements that were compared.
    pub fn elements(&self) -> usize {
        self.deviations.iter().map(|found| found.comparison.elements).sum()
    }
}

/// A graph with its opset.
pub(crate) type Side<'g> = (&'g Graph, &'g Opset);

/// Runs a function before and after a rewrite on some inputs, and holds outputs and states against a promise.
///
/// Each input is a session of its own, with states at zero: one call, or three where there are states.
///
/// # Errors
///
/// If the opset of one of the two is not known, or the rewritten function fails where the original does not.
pub fn verify(
    before: Side<'_>,
    after: Side<'_>,
    class: Numerics,
    inputs: &[Inputs],
    options: &EvalOptions,
) -> Result<Report, Error> {
    let old = Evaluator::of_graph(before.0, before.1, "before".into(), None, options.clone())?;
    let new = Evaluator::of_graph(after.0, after.1, "after".into(), None, options.clone())?;
    let mut report = Report::default();
    for (input, values) in inputs.iter().enumerate() {
        let old = match seen::run(&old, values) {
            Ok(seen) => seen,
            Err(error) => {
                report.failed += 1;
                report.failure.get_or_insert_with(|| error.to_string());
                continue;
            }
        };
        let new = seen::run(&new, values)?;
        let mut trials = Trials::new(before, values, options);
        hold(class, input, &old, &new, &mut trials, &mut report)?;
    }
    Ok(report)
}

/// Holds all that one input shows against the promise.
fn hold(
    class: Numerics,
    input: usize,
    old: &Seen,
    new: &Seen,
    trials: &mut Trials<'_>,
    report: &mut Report,
) -> Result<(), Error> {
    let (lost, added) = seen::unpaired(old, new);
    let unpaired = lost
        .into_iter()
        .map(|place| (place, "is lost"))
        .chain(added.into_iter().map(|place| (place, "is new")));
    for (place, what) in unpaired {
        let comparison = Comparison { mismatch: Some(what.into()), ..Comparison::default() };
        report.deviations.push(Deviation { place, input, comparison, wrong: 1, worst: None });
    }
    for (place, old) in old {
        let Some(new) = seen::at(new, place) else { continue };
        let comparison = compare(old, new);
        let mut found = Deviation { place: place.clone(), input, comparison, wrong: 0, worst: None };
        let comparison = &found.comparison;
        match class {
            _ if old.dtype() != new.dtype() => found.wrong = old.len().max(1),
            Numerics::Rounding => {
                let judgement = rounding::judge(place, old, new, trials)?;
                (found.wrong, found.worst) = (judgement.wrong, judgement.worst);
                report.skipped += judgement.skipped;
            }
            _ if comparison.mismatch.is_some() => found.wrong = old.len().max(1),
            Numerics::Exact => {
                found.wrong = comparison.different;
                found.worst = first_difference(old, new);
            }
            // Nothing is promised but the form.
            Numerics::Lossy { min_snr_db } if min_snr_db == f64::NEG_INFINITY => {}
            // No measure says how much of a text remains.
            Numerics::Lossy { .. } if old.slice::<String>().is_some() => {
                report.skipped += comparison.different
            }
            Numerics::Lossy { min_snr_db } => {
                if comparison.nan + comparison.infinite > 0 || comparison.snr_db < min_snr_db {
                    found.wrong = comparison.different;
                    found.worst = first_difference(old, new);
                }
            }
        }
        report.deviations.push(found);
    }
    Ok(())
}

/// The first element whose bits differ; every NaN is the same.
fn first_difference(old: &Array, new: &Array) -> Option<(usize, f64, f64)> {
    let (a, b) = (old.reals::<f64>().ok()?, new.reals::<f64>().ok()?);
    let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
    let at = a.iter().zip(b.iter()).position(differs)?;
    Some((at, *a.get(at)?, *b.get(at)?))
}
