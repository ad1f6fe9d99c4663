//! How much a rewrite may round.
//!
//! The error of the rewritten function is measured against an evaluation of the original in `f64`, and held against the
//! error that the original itself makes. That error is a draw: behind twenty layers some elements are right by luck, and
//! a rewrite that rounds elsewhere is as often lucky in others. So an element is allowed 4 times the original's own error,
//! plus what is usual in its output: a multiple of the root mean square of the errors, or of the median of the
//! relative errors where elements differ much in size, whichever is more; and a few units in the last place.

use mil_ops::eval::Array;
use mil_tensor::DType;

use crate::compare::{rounded, ulp};

/// Times the original's error in the same element.
const OWN: f64 = 4.0;
/// Times the root mean square of the original's errors: an error with a normal distribution is above it once in 10^15.
const USUAL: f64 = 8.0;
/// Times the median of the original's relative errors, for the same.
const USUAL_RELATIVE: f64 = 12.0;
/// Units in the last place that a rewrite may always be off.
const SLACK: f64 = 4.0;

/// One output as numbers: of the original, of the rewritten function, and of the original in `f64`.
pub(super) struct Outputs3 {
    pub(super) old: Vec<f64>,
    pub(super) new: Vec<f64>,
    pub(super) exact: Vec<f64>,
    pub(super) dtype: DType,
}

impl Outputs3 {
    /// `None` for what is no array of floating-point numbers.
    pub(super) fn new(old: &Array, new: &Array, exact: &Array) -> Option<Outputs3> {
        let numbers = |array: &Array| Some(array.reals::<f64>().ok()?.iter().copied().collect::<Vec<f64>>());
        let dtype = old.dtype();
        let found = Outputs3 { old: numbers(old)?, new: numbers(new)?, exact: numbers(exact)?, dtype };
        let sizes_agree = found.old.len() == found.new.len() && found.old.len() == found.exact.len();
        (dtype.is_float() && sizes_agree).then_some(found)
    }

    /// Elements of which the original says a finite number.
    fn finite(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        let pairs = self.old.iter().zip(&self.exact).enumerate();
        let finite = move |(_, (old, exact)): &(usize, (&f64, &f64))| {
            old.is_finite() && rounded(**exact, self.dtype).is_finite()
        };
        pairs.filter(finite).map(|(at, (&old, &exact))| (at, old, exact))
    }

    fn root_mean_square(&self) -> f64 {
        let (sum, count) = self.finite().fold((0.0, 0.0_f64), |(sum, count), (_, old, exact)| {
            (sum + (old - exact) * (old - exact), count + 1.0)
        });
        (sum / count.max(1.0)).sqrt()
    }
}

/// The median of the relative errors of an output, over all its inputs: one input may give a single number.
pub(super) fn usual_relative(inputs: &[&Outputs3]) -> f64 {
    let errors = |output: &Outputs3| -> Vec<f64> {
        let nonzero = output.finite().filter(|(_, _, exact)| *exact != 0.0);
        nonzero.map(|(_, old, exact)| ((old - exact) / exact).abs()).collect()
    };
    let mut all: Vec<f64> = inputs.iter().copied().flat_map(errors).collect();
    let middle = all.len() / 2;
    if all.is_empty() { 0.0 } else { *all.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// What one output of one input shows.
#[derive(Default)]
pub(super) struct Judgement {
    /// Elements that are off by more than is allowed.
    pub(super) wrong: usize,
    /// The worst of them: place, the original's value, the rewritten function's.
    pub(super) worst: Option<(usize, f64, f64)>,
    /// Elements that differ where the original is not finite.
    pub(super) skipped: usize,
}

pub(super) fn judge(output: &Outputs3, usual_relative: f64) -> Judgement {
    let usual = USUAL * output.root_mean_square();
    let (mut judgement, mut most, mut finite) = (Judgement::default(), 1.0, 0);
    for (at, old, exact) in output.finite() {
        finite += 1;
        let (new, reference) = (output.new[at], rounded(exact, output.dtype));
        let allowed = OWN * (old - exact).abs()
            + usual.max(USUAL_RELATIVE * usual_relative * exact.abs())
            + SLACK * ulp(reference, output.dtype);
        let excess = if new.is_finite() { (new - exact).abs() / allowed } else { f64::INFINITY };
        if excess > 1.0 {
            judgement.wrong += 1;
            if excess > most {
                (most, judgement.worst) = (excess, Some((at, old, new)));
            }
        }
    }
    judgement.skipped = output.old.len() - finite;
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand elements with errors of about `error`, of an original and of a rewrite that rounds elsewhere.
    fn noisy(error: f64, off: f64) -> Outputs3 {
        let noise = |i: usize, k: usize| ((i * k % 997) as f64 / 997.0 - 0.5) * error;
        let exact: Vec<f64> = (0..1000).map(|i| 1.0 + i as f64 / 100.0).collect();
        let old = exact.iter().enumerate().map(|(i, x)| x + noise(i, 31)).collect();
        let new = exact.iter().enumerate().map(|(i, x)| x + noise(i, 57) + off).collect();
        Outputs3 { old, new, exact, dtype: DType::Fp32 }
    }

    fn wrong(output: Outputs3) -> usize {
        let relative = usual_relative(&[&output]);
        judge(&output, relative).wrong
    }

    #[test]
    fn other_luck_is_no_fault() {
        assert_eq!(wrong(noisy(1e-3, 0.0)), 0);
        assert_eq!(wrong(noisy(0.0, 1e-7)), 0, "a few units in the last place");
    }

    #[test]
    fn what_is_beyond_the_usual_is() {
        assert!(wrong(noisy(1e-3, 1e-2)) > 900);
        assert_eq!(wrong(noisy(0.0, 1e-5)), 1000);
        let mut one = noisy(1e-3, 0.0);
        one.new[7] = 1.1;
        assert_eq!(wrong(one), 1);
    }

    #[test]
    fn what_is_not_finite_before_is_counted_and_what_becomes_so_is_wrong() {
        let mut output = noisy(1e-3, 0.0);
        (output.old[3], output.exact[3]) = (f64::INFINITY, f64::INFINITY);
        output.new[4] = f64::NAN;
        let found = judge(&output, 0.0);
        assert_eq!((found.wrong, found.skipped), (1, 1));
        assert_eq!(found.worst.map(|worst| worst.0), Some(4));
    }
}
