//! What rounding decides beyond any measure: an evaluation in which it becomes NaN, and so does what depends
//! on it.
//!
//! - A result that overflowed, as `f64` tells from one that is infinite in truth. What the program makes of
//!   the infinity is not what it makes of the number, and a rewrite may keep the number.
//! - A result that is close to the largest number of its type: a sum or a product in another order may
//!   overflow there.
//! - A product of many factors, or a sum of many terms, that leaves the range on the way in some order, whatever
//!   it comes to.
//! - A divisor that may as well be 0: [`NOISE`] times what rounding is seen to do to it is more than it
//!   holds. A quotient by it may be any number, and infinite.

use std::sync::{Arc, Mutex, PoisonError};

use mil_ops::eval::{Array, Bound, Context, Data, EvalValue, Stored, call};
use mil_tensor::DType;

use crate::jitter::{in_double, is_sum, sum_of_sizes};
use crate::verify::NOISE;

/// An evaluation of this kind.
#[derive(Clone, Debug)]
pub(crate) struct Taint {
    /// What becomes NaN.
    pub(crate) cause: Cause,
    /// Comparisons with NaN answer the other way, and integers have the other mark: what hangs on them is not the
    /// same in both evaluations.
    pub(crate) flips: bool,
}

/// What becomes NaN.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// Results that overflowed; with `near`, also those that nearly did.
    Overflow {
        /// The largest numbers of a type count, too.
        near: bool,
    },
    /// Divisors that may be 0.
    Poles(Arc<Divisors>),
    /// None: sums that come to 0 are the other 0, as their terms may be in another order or form.
    Zeros,
}

impl Taint {
    /// The operands of an op, where some of them become NaN.
    pub(crate) fn operands(&self, place: u64, context: &Context<'_>) -> Option<Bound> {
        let (Cause::Poles(divisors), Some((param, _))) = (&self.cause, pole(context)) else { return None };
        let may_be_zero = divisors.next(place)?;
        let mut bound = context.bound.clone();
        for (_, values) in bound.iter_mut().filter(|(name, _)| **name == *param) {
            for value in values.iter_mut() {
                *value = without(value, |at, _| may_be_zero.get(at).is_none_or(|&zero| zero));
            }
        }
        Some(bound)
    }

    /// The results of an op, where some of them become NaN.
    pub(crate) fn results(&self, context: &Context<'_>, results: Vec<EvalValue>) -> Vec<EvalValue> {
        let mark = if self.flips { -MARK } else { MARK };
        if CHOICES.contains(&context.def.name) && has_nan(context) {
            return results
                .iter()
                .map(|value| marked(&without(value, |_, _| true), mark, |_| true))
                .collect();
        }
        let turned = if self.flips { flipped(context, &results) } else { None };
        if let Some(turned) = turned {
            return turned;
        }
        let to_integers = TO_INTEGERS.iter().find(|(kind, _)| *kind == context.def.name);
        let is_float = |value: &EvalValue| value.as_array().is_some_and(|array| array.dtype().is_float());
        if let Some((_, param)) = to_integers.filter(|_| !results.iter().any(is_float)) {
            let from = operand(context, param).and_then(|array| array.slice::<f32>());
            let is_nan = |at: usize| from.is_some_and(|from| from.get(at).is_some_and(|x| x.is_nan()));
            return results.iter().map(|value| marked(value, mark, is_nan)).collect();
        }
        if matches!(self.cause, Cause::Zeros) && (is_sum(context) || ADDS.contains(&context.def.name)) {
            let other = |_, x: f32| if x == 0.0 { -x } else { x };
            return results.iter().map(|value| with(value, other)).collect();
        }
        let Cause::Overflow { near } = self.cause else { return results };
        let exact = in_double(context, |_| None).unwrap_or_default();
        let (largest, smallest) = (partial(context, |x| x > 1.0), partial(context, |x| x < 1.0));
        let sums = sum_of_sizes(context).unwrap_or_default();
        let sums = sums.first().and_then(EvalValue::as_array).and_then(|array| array.reals::<f64>().ok());
        let sums = sums.map(|sums| sums.into_owned());
        let kept = results.iter().enumerate().map(|(at, value)| {
            let exact = exact.get(at).and_then(EvalValue::as_array);
            let exact = exact.and_then(|array| array.reals::<f64>().ok());
            let half = value.as_array().is_some_and(|array| array.dtype() == DType::Fp16);
            // Of fp16, which has few exponents, less is taken away.
            let limit = if half { 65504.0 / 8.0 } else { f32::MAX / 1024.0 };
            let most = if half { 65504.0 } else { f64::from(f32::MAX) };
            let least = if half { 6.2e-5 } else { f32::MIN_POSITIVE };
            without(value, |at, x| {
                let is_true = exact.as_ref().and_then(|exact| exact.get(at)) == Some(&f64::from(x));
                let element =
                    |values: &Option<Vec<f64>>| values.as_ref().and_then(|all| all.get(at).copied());
                let leaves = element(&largest).is_some_and(|partial| partial > f64::from(limit))
                    || element(&smallest).is_some_and(|partial| partial < f64::from(least))
                    || element(&sums).is_some_and(|partial| partial > most);
                (x.is_infinite() && !is_true) || (near && x.is_finite() && x.abs() > limit) || leaves
            })
        });
        kept.collect()
    }
}

/// What a product of many factors would be if only those counted that `counts` names: its largest or smallest
/// partial product in any order. A factor of 0 hides neither, as it may come last.
fn partial(context: &Context<'_>, counts: impl Fn(f64) -> bool) -> Option<Vec<f64>> {
    if context.def.name != "reduce_prod" {
        return None;
    }
    let results = in_double(context, |operand| {
        let values = operand.reals::<f64>().ok()?;
        let sizes = values.iter().map(|x| x.abs()).map(|x| if x > 0.0 && counts(x) { x } else { 1.0 });
        operand.with_data(operand.shape(), f64::pack(sizes.collect())).ok()
    });
    Some(results?.first()?.as_array()?.reals::<f64>().ok()?.into_owned())
}

/// Ops that make integers of floats, and the parameter that holds those.
const TO_INTEGERS: &[(&str, &str)] = &[("cast", "x"), ("quantize", "input")];

/// Ops that make flags of numbers.
const COMPARISONS: &[&str] = &["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"];

/// The flags of a comparison, the other way where it compares with NaN.
fn flipped(context: &Context<'_>, results: &[EvalValue]) -> Option<Vec<EvalValue>> {
    if !COMPARISONS.contains(&context.def.name) {
        return None;
    }
    let is_nan = |param: &str| {
        let array = operand(context, param)?;
        let flags = array.slice::<f32>()?.iter().map(|x| f32::from(x.is_nan())).collect();
        Some(EvalValue::Array(array.with_data(array.shape(), f32::pack(flags)).ok()?))
    };
    let bound: Bound = ["x", "y"]
        .into_iter()
        .map(|param| Some((param.into(), std::iter::once(is_nan(param)?).collect())))
        .collect::<Option<_>>()?;
    let count = call(&Context { def: mil_ops::def("add")?, bound: &bound, ..*context }).ok()?;
    let count = count.first()?.as_array()?.slice::<f32>()?;
    let [EvalValue::Array(flags)] = results else { return None };
    let turned = flags.slice::<bool>()?.iter().zip(count).map(|(&flag, &nan)| flag != (nan > 0.0));
    let data = bool::pack(turned.collect());
    Some(vec![EvalValue::Array(flags.with_data(flags.shape(), data).ok()?)])
}

/// The array that is given for a parameter.
fn operand<'c>(context: &'c Context<'_>, param: &str) -> Option<&'c Array> {
    let (_, values) = context.bound.iter().find(|(name, _)| **name == *param)?;
    values.first()?.as_array()
}

/// Ops that choose among numbers by comparing them: what is not a number hides behind what is.
const CHOICES: &[&str] =
    &["argsort", "non_maximum_suppression", "random_categorical", "reduce_argmax", "reduce_argmin", "topk"];

/// Ops that a sum of products may take in, beside those that are one.
const ADDS: &[&str] = &["add", "batch_norm", "instance_norm", "layer_norm", "mul", "sub"];

/// What integers, of which none is NaN, are instead: another number than they are likely to be.
const MARK: i32 = 77;

/// Integers with a mark in the place of some.
fn marked(value: &EvalValue, mark: i32, goes: impl Fn(usize) -> bool) -> EvalValue {
    let EvalValue::Array(array) = value else { return value.clone() };
    let Data::Int(elements) = array.data() else { return value.clone() };
    let kept = elements.iter().enumerate().map(|(at, &element)| if goes(at) { mark } else { element });
    array.with_data(array.shape(), i32::pack(kept.collect())).map_or_else(|_| value.clone(), EvalValue::Array)
}

/// Some operand holds NaN.
fn has_nan(context: &Context<'_>) -> bool {
    let arrays = context.bound.iter().flat_map(|(_, values)| values.iter()).filter_map(EvalValue::as_array);
    arrays.filter_map(|array| array.slice::<f32>()).any(|elements| elements.iter().any(|x| x.is_nan()))
}

/// A value with NaN in the place of some elements.
fn without(value: &EvalValue, goes: impl Fn(usize, f32) -> bool) -> EvalValue {
    with(value, |at, x| if goes(at, x) { f32::NAN } else { x })
}

/// A value with other elements.
fn with(value: &EvalValue, other: impl Fn(usize, f32) -> f32) -> EvalValue {
    let EvalValue::Array(array) = value else { return value.clone() };
    let Data::Single(elements) = array.data() else { return value.clone() };
    let elements = elements.iter().enumerate().map(|(at, &x)| other(at, x));
    let data = f32::pack(elements.collect());
    array.with_data(array.shape(), data).map_or_else(|_| value.clone(), EvalValue::Array)
}

/// Parameters by which an op divides, or takes a logarithm.
const POLES: &[(&str, &str)] = &[
    ("floor_div", "y"),
    ("inverse", "x"),
    ("log", "x"),
    ("mod", "y"),
    ("pow", "x"),
    ("real_div", "y"),
    ("rsqrt", "x"),
];

/// The parameter by which an op divides, and what the op adds to it.
fn pole(context: &Context<'_>) -> Option<(&'static str, f64)> {
    let (_, param) = POLES.iter().find(|(kind, _)| *kind == context.def.name)?;
    Some((param, context.float("epsilon").unwrap_or(0.0)))
}

/// The divisors of a program, as several evaluations see them, in the order in which they are met.
#[derive(Debug, Default)]
pub(crate) struct Divisors(Mutex<Met>);

#[derive(Debug, Default)]
struct Met {
    /// How many this evaluation has met.
    count: usize,
    /// The first evaluation, which is exact, is over.
    is_known: bool,
    all: Vec<Divisor>,
}

/// One divisor.
#[derive(Debug)]
struct Divisor {
    place: u64,
    /// In `f64`, with what the op adds.
    exact: Vec<f64>,
    /// The most that each element moved; NaN where an evaluation does not get there.
    noise: Vec<f64>,
}

impl Divisors {
    /// Another evaluation begins; the first one is exact.
    pub(crate) fn begin(&self) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        met.is_known = !met.all.is_empty();
        met.count = 0;
    }

    /// Looks at the operands of an op.
    pub(crate) fn see(&self, place: u64, context: &Context<'_>) {
        let Some((param, epsilon)) = pole(context) else { return };
        let operand = context.bound.iter().find(|(name, _)| **name == *param);
        let Some([EvalValue::Array(array)]) = operand.map(|(_, values)| &values[..]) else { return };
        let Ok(values) = array.reals::<f64>() else { return };
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !met.is_known {
            let exact: Vec<f64> = values.iter().map(|x| x + epsilon).collect();
            let noise = vec![0.0; exact.len()];
            met.all.push(Divisor { place, exact, noise });
            return;
        }
        let at = met.count;
        met.count += 1;
        let Some(divisor) = met.all.get_mut(at) else { return };
        if divisor.place != place || divisor.exact.len() != values.len() {
            divisor.noise.fill(f64::NAN);
            return;
        }
        for ((noise, exact), x) in divisor.noise.iter_mut().zip(&divisor.exact).zip(values.iter()) {
            let moved = (x + epsilon - exact).abs();
            *noise = if noise.is_nan() || moved.is_nan() { f64::NAN } else { noise.max(moved) };
        }
    }

    /// Which elements of the divisor that is met next may be 0; `None` where it was not met before.
    fn next(&self, place: u64) -> Option<Vec<bool>> {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = met.count;
        met.count += 1;
        let divisor = met.all.get(at).filter(|divisor| divisor.place == place)?;
        let may_be_zero = divisor.exact.iter().zip(&divisor.noise).map(|(exact, noise)| {
            // Exactly 0 in every evaluation is no matter of rounding.
            noise.is_nan() || (*noise > 0.0 && exact.abs() <= NOISE * noise)
        });
        Some(may_be_zero.collect())
    }
}
