//! How much a rewrite may round: the rule stands in the documentation of [`super`].

use std::sync::Arc;

use mil_ops::eval::{Array, EvalOptions};
use mil_tensor::DType;

use super::Side;
use super::seen::{self, Place, Seen};
use crate::compare::{rounded, ulp};
use crate::jitter::Jitter;
use crate::taint::{Cause, Divisors, Taint};
use crate::{Error, Evaluator, Inputs};

/// Times the noise of an element.
pub(crate) const NOISE: f64 = 8.0;
/// Units in the last place that a rewrite may always be off.
const SLACK: f64 = 4.0;
/// What is left where terms of ordinary size cancel in `f64`, as in `1 + erf(x)` far below 0, relative to the
/// largest element or to 1: a better formula gives more of it.
const CANCELLED: f64 = 1e-15;
/// What engines flush to zero: a sum with an ordinary number swallows it, and a better formula gives it.
const FLUSHED: f64 = f32::MIN_POSITIVE as f64;
/// Evaluations with other roundings: the first few, and as many as it takes to be sure that an element is
/// wrong. With 32 it is beyond 8 times their largest by chance once in more than 10^10 elements.
const FEW: usize = 4;
const MANY: usize = 32;

/// Evaluations of the original on one input that are made when somebody asks.
pub(super) struct Trials<'a> {
    side: Side<'a>,
    inputs: &'a Inputs,
    options: &'a EvalOptions,
    exact: Option<Seen>,
    others: Vec<Seen>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(side: Side<'a>, inputs: &'a Inputs, options: &'a EvalOptions) -> Trials<'a> {
        Trials { side, inputs, options, exact: None, others: Vec::new() }
    }

    fn evaluator(&self, options: EvalOptions) -> Result<Evaluator<'a>, Error> {
        Evaluator::of_graph(self.side.0, self.side.1, "before".into(), None, options)
    }

    /// In `f64`.
    fn exact(&mut self) -> Result<&Seen, Error> {
        let seen = match self.exact.take() {
            Some(seen) => seen,
            None => seen::run(&self.evaluator(self.options.clone().double())?, self.inputs)?,
        };
        Ok(self.exact.insert(seen))
    }

    /// So many with other roundings. One that fails, as a size may hang on a float, is left out.
    fn others(&mut self, count: usize) -> Result<&[Seen], Error> {
        for seed in self.others.len()..count {
            let jitter = Jitter { seed: seed as u64 + 1, grain: None, flushes: false };
            let evaluator = self.evaluator(self.options.clone())?.jittered(jitter);
            self.others.push(seen::run(&evaluator, self.inputs).unwrap_or_default());
        }
        Ok(&self.others)
    }

    /// With NaN in the place of what overflows, or nearly does.
    fn without_overflow(&self, near: bool, flips: bool) -> Result<Seen, Error> {
        self.tainted(Cause::Overflow { near }, flips)
    }

    /// With NaN in the place of divisors that may be 0: as many evaluations as it takes say which.
    fn without_poles(&self, flips: bool) -> Result<Seen, Error> {
        let divisors = Arc::new(Divisors::default());
        let exact = self.evaluator(self.options.clone().double())?;
        let plain = self.evaluator(self.options.clone())?;
        let jitter = |seed: u64| Jitter { seed, grain: None, flushes: false };
        let others = (1..=MANY as u64).map(|seed| {
            self.evaluator(self.options.clone()).map(|evaluator| evaluator.jittered(jitter(seed)))
        });
        for evaluator in [Ok(exact), Ok(plain)].into_iter().chain(others) {
            divisors.begin();
            // One that fails on its way shows the divisors before.
            let _ = seen::run(&evaluator?.watched(divisors.clone()), self.inputs);
        }
        divisors.begin();
        self.tainted(Cause::Poles(divisors), flips)
    }

    /// With the other 0 in the place of sums that are 0.
    fn with_other_zeros(&self) -> Result<Seen, Error> {
        self.tainted(Cause::Zeros, false)
    }

    /// With `flips`, comparisons with NaN answer the other way.
    fn tainted(&self, cause: Cause, flips: bool) -> Result<Seen, Error> {
        let evaluator = self.evaluator(self.options.clone())?.tainted(Taint { cause, flips });
        Ok(seen::run(&evaluator, self.inputs).unwrap_or_default())
    }
}

/// What one value shows.
#[derive(Default)]
pub(super) struct Judgement {
    /// Elements that are off by more than is allowed.
    pub(super) wrong: usize,
    /// The worst of them: place, the original's value, the rewritten function's.
    pub(super) worst: Option<(usize, f64, f64)>,
    /// Elements that were left out.
    pub(super) skipped: usize,
}

/// Holds one value against what rounding may do to it.
pub(super) fn judge(
    place: &Place,
    old: &Array,
    new: &Array,
    trials: &mut Trials<'_>,
) -> Result<Judgement, Error> {
    if old.shape() != new.shape() {
        return shape(place, old, trials);
    }
    let (Some(was), Some(is)) = (seen::floats(old), seen::floats(new)) else {
        return discrete(place, old, new, trials);
    };
    let Some(exact) =
        seen::at(trials.exact()?, place).and_then(seen::floats).filter(|x| x.len() == was.len())
    else {
        // Where rounding decides a shape, nothing can be told.
        return Ok(Judgement { skipped: was.len(), ..Judgement::default() });
    };
    let mut element = Elements::new(old.dtype(), &was, &is, &exact);
    for count in [0, FEW, MANY] {
        let others = trials.others(count)?;
        for other in others.get(element.trials..).unwrap_or_default() {
            element.add(seen::at(other, place).and_then(seen::floats).as_deref());
        }
        // Without a single other evaluation, only the original's own error speaks.
        if element.suspects() == 0 {
            break;
        }
    }
    if element.suspects() > 0 {
        let seen = trials.without_overflow(false, false)?;
        element.leave_out(Elements::is_suspect, seen::at(&seen, place).and_then(seen::floats).as_deref());
    }
    if element.any(Elements::is_suddenly_infinite) {
        let seen = trials.without_overflow(true, false)?;
        let other = seen::at(&seen, place).and_then(seen::floats);
        element.leave_out(Elements::is_suddenly_infinite, other.as_deref());
    }
    if element.suspects() > 0 {
        let seen = trials.with_other_zeros()?;
        element.add(seen::at(&seen, place).and_then(seen::floats).as_deref());
    }
    if element.suspects() > 0 {
        let seen = trials.without_poles(false)?;
        element.leave_out(Elements::is_suspect, seen::at(&seen, place).and_then(seen::floats).as_deref());
    }
    Ok(element.judgement())
}

/// Another shape is wrong, unless rounding decides it, or an overflow does.
fn shape(place: &Place, old: &Array, trials: &mut Trials<'_>) -> Result<Judgement, Error> {
    let is_another = |seen: &Seen| seen::at(seen, place).is_none_or(|x| x.shape() != old.shape());
    let decided =
        trials.others(MANY)?.iter().any(is_another) || is_another(&trials.without_overflow(true, false)?);
    let count = old.len().max(1);
    Ok(if decided {
        Judgement { skipped: count, ..Judgement::default() }
    } else {
        Judgement { wrong: count, ..Judgement::default() }
    })
}

/// Integers, flags and text: the same, unless rounding decides, an overflow or a divisor that may be 0.
fn discrete(place: &Place, old: &Array, new: &Array, trials: &mut Trials<'_>) -> Result<Judgement, Error> {
    let mut suspects: Vec<usize> = (0..old.len()).filter(|&at| !seen::same_element(old, new, at)).collect();
    let different = suspects.len();
    if different > 0 {
        let undecided = |other: &Seen, at: usize| {
            let found = seen::at(other, place).filter(|found| found.shape() == old.shape());
            found.is_none_or(|found| !seen::same_element(old, found, at))
        };
        let exact = trials.exact()?;
        suspects.retain(|&at| !undecided(exact, at));
        for count in [FEW, MANY] {
            if !suspects.is_empty() {
                let others = trials.others(count)?;
                suspects.retain(|&at| !others.iter().any(|other| undecided(other, at)));
            }
        }
        if !suspects.is_empty() {
            let seen = trials.with_other_zeros()?;
            suspects.retain(|&at| !undecided(&seen, at));
        }
        for flips in [false, true] {
            if !suspects.is_empty() {
                let seen = trials.without_overflow(true, flips)?;
                suspects.retain(|&at| !undecided(&seen, at));
            }
            if !suspects.is_empty() {
                let seen = trials.without_poles(flips)?;
                suspects.retain(|&at| !undecided(&seen, at));
            }
        }
    }
    let number = |array: &Array, at: usize| array.reals::<f64>().ok().and_then(|all| all.get(at).copied());
    let worst = suspects.first().and_then(|&at| Some((at, number(old, at)?, number(new, at)?)));
    Ok(Judgement { wrong: suspects.len(), worst, skipped: different - suspects.len() })
}

/// One value as numbers, with what rounding was seen to do to each.
struct Elements<'a> {
    dtype: DType,
    was: &'a [f64],
    is: &'a [f64],
    exact: &'a [f64],
    /// The most that an element moved; NaN where one evaluation is not finite.
    noise: Vec<f64>,
    /// The infinity that all evaluations give.
    infinite: Vec<Option<f64>>,
    /// Evaluations that were added.
    trials: usize,
    least: f64,
}

impl<'a> Elements<'a> {
    fn new(dtype: DType, was: &'a [f64], is: &'a [f64], exact: &'a [f64]) -> Elements<'a> {
        let infinite =
            was.iter().zip(exact).map(|(a, b)| (a == b && a.is_infinite()).then_some(*a)).collect();
        let finite = exact.iter().filter(|x| x.is_finite());
        let scale = finite.fold(0.0_f64, |most, x| most.max(x.abs())).min(1.0);
        let mut elements = Elements {
            dtype,
            was,
            is,
            exact,
            noise: vec![0.0; was.len()],
            infinite,
            trials: 0,
            least: CANCELLED * scale + FLUSHED,
        };
        elements.spread(was);
        elements
    }

    fn add(&mut self, other: Option<&[f64]>) {
        self.trials += 1;
        if let Some(other) = other.filter(|other| other.len() == self.was.len()) {
            self.spread(other);
        }
    }

    fn spread(&mut self, other: &[f64]) {
        let all = self.noise.iter_mut().zip(&mut self.infinite).zip(self.exact.iter().zip(other));
        for ((noise, infinite), (&exact, &other)) in all {
            let is_finite = other.is_finite() && rounded(exact, self.dtype).is_finite();
            *noise = if is_finite && !noise.is_nan() { noise.max((other - exact).abs()) } else { f64::NAN };
            *infinite = infinite.filter(|&infinity| infinity == other);
        }
    }

    /// How many times more than what is allowed an element is off; `None` where nothing can be told.
    fn excess(&self, at: usize) -> Option<f64> {
        let (is, exact) = (*self.is.get(at)?, *self.exact.get(at)?);
        if let Some(infinity) = self.infinite.get(at)? {
            // The other infinity comes of the other zero, which rounding may give.
            return match is {
                _ if is.is_nan() => Some(f64::INFINITY),
                _ if is == -infinity => None,
                _ => Some(0.0),
            };
        }
        let noise = self.noise.get(at).copied().filter(|noise| !noise.is_nan())?;
        let allowed = NOISE * noise + SLACK * ulp(rounded(exact, self.dtype), self.dtype) + self.least;
        Some(if is.is_finite() { (is - exact).abs() / allowed } else { f64::INFINITY })
    }

    fn suspects(&self) -> usize {
        (0..self.was.len()).filter(|&at| self.is_suspect(at)).count()
    }

    /// An element that is off by more than is allowed.
    fn is_suspect(&self, at: usize) -> bool {
        self.excess(at).is_some_and(|excess| excess > 1.0)
    }

    /// An element that is finite in all evaluations, and not in the rewritten function's.
    fn is_suddenly_infinite(&self, at: usize) -> bool {
        let finite = |all: &[f64]| all.get(at).is_some_and(|x| x.is_finite());
        finite(self.was) && !finite(self.is) && self.is_suspect(at)
    }

    fn any(&self, which: fn(&Self, usize) -> bool) -> bool {
        (0..self.was.len()).any(|at| which(self, at))
    }

    /// Such an element tells nothing where another evaluation loses it.
    fn leave_out(&mut self, which: fn(&Self, usize) -> bool, other: Option<&[f64]>) {
        for at in 0..self.was.len() {
            // What is infinite in every evaluation is so here, too, unless it hangs on what is left out.
            let is_infinite = self.infinite.get(at).copied().flatten().is_some();
            let says = |x: &f64| x.is_finite() || (is_infinite && !x.is_nan());
            let is_lost = !other.and_then(|other| other.get(at)).is_some_and(says);
            if is_lost && which(self, at) {
                self.noise[at] = f64::NAN;
                self.infinite[at] = None;
            }
        }
    }

    fn judgement(&self) -> Judgement {
        let (mut judgement, mut most) = (Judgement::default(), 1.0);
        for (at, (&was, &is)) in self.was.iter().zip(self.is).enumerate() {
            match self.excess(at) {
                None => judgement.skipped += 1,
                Some(excess) if excess > 1.0 => {
                    judgement.wrong += 1;
                    if excess > most {
                        (most, judgement.worst) = (excess, Some((at, was, is)));
                    }
                }
                Some(_) => {}
            }
        }
        judgement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(was: &[f64], is: &[f64], exact: &[f64], others: &[&[f64]]) -> (usize, usize) {
        let mut elements = Elements::new(DType::Fp32, was, is, exact);
        others.iter().for_each(|other| elements.add(Some(other)));
        let judgement = elements.judgement();
        (judgement.wrong, judgement.skipped)
    }

    #[test]
    fn an_element_that_is_right_by_luck_allows_what_rounding_does() {
        assert_eq!(wrong(&[1.0], &[1.001], &[1.0], &[]), (1, 0));
        assert_eq!(wrong(&[1.0], &[1.001], &[1.0], &[&[0.9995]]), (0, 0));
        assert_eq!(wrong(&[1.0], &[1.1], &[1.0], &[&[0.9995]]), (1, 0));
    }

    #[test]
    fn a_few_units_in_the_last_place_are_allowed() {
        let epsilon = f64::from(f32::EPSILON);
        assert_eq!(wrong(&[1.0], &[1.0 + 3.0 * epsilon], &[1.0], &[]), (0, 0));
        assert_eq!(wrong(&[1.0], &[1.0 + 5.0 * epsilon], &[1.0], &[]), (1, 0));
    }

    #[test]
    fn what_is_not_finite_is_left_out_and_what_becomes_so_is_wrong() {
        let inf = f64::INFINITY;
        assert_eq!(wrong(&[inf], &[5.0], &[1e300], &[]), (0, 1), "an overflow that f64 does not have");
        assert_eq!(wrong(&[1.0], &[f64::NAN], &[1.0], &[&[1.0]]), (1, 0));
        assert_eq!(wrong(&[inf], &[f64::NAN], &[inf], &[&[inf]]), (1, 0), "a division by zero");
        assert_eq!(wrong(&[inf], &[7.0], &[inf], &[&[inf]]), (0, 0), "softplus, which needs not overflow");
        assert_eq!(wrong(&[inf], &[-inf], &[inf], &[]), (0, 1), "a division by the other zero");
    }

    #[test]
    fn an_infinity_that_hangs_on_an_overflow_tells_nothing() {
        let (was, is) = ([f64::NEG_INFINITY], [f64::NAN]);
        let mut elements = Elements::new(DType::Fp32, &was, &is, &was);
        assert_eq!(elements.judgement().wrong, 1);
        elements.leave_out(Elements::is_suspect, Some(&[f64::NAN]));
        assert_eq!((elements.judgement().wrong, elements.judgement().skipped), (0, 1));
    }
}
