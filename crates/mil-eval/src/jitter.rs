//! Rounding the other way: an evaluation in which each rounding falls as it might have.
//!
//! Where a value is rounded, the result goes to a neighbour at random: each float constant that is not a
//! single power of two (a product with one does not round, so folding it does not either), and each result of
//! an op that was rounded. Of that, `f64` tells: it finds another number, or it swallows an addend itself,
//! as in `1 + 1e-38`. A result that is off by more than half a unit in the last place goes as far as it is off,
//! and a sum as far as one of its terms may be. What only moves data stays, and so does arithmetic on whole
//! numbers, which is exact. How far the outputs of some such evaluations lie apart is what rounding can do to
//! the program.
//!
//! With a coarser grain, every float is rounded to that type first: what the program would be if it computed
//! in it. With one scale for a tensor, too, small numbers beside large ones become 0.

use std::borrow::Cow;

use mil_ops::eval::{Array, Context, Data, EvalOptions, EvalValue, Stored, call};
use mil_tensor::DType;
use mil_tensor::random::Stream;

use crate::compare::{rounded, ulp};
use crate::interface::converted;

/// Ops whose results round even where they look exact: `erf(-6)` is -1 in every type, and no number in truth.
const TRANSCENDENTAL: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cos",
    "cosh",
    "elu",
    "erf",
    "exp",
    "exp2",
    "gelu",
    "gru",
    "log",
    "lstm",
    "pow",
    "reduce_log_sum",
    "reduce_log_sum_exp",
    "rnn",
    "scaled_dot_product_attention",
    "scaled_tanh",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "softplus_parametric",
    "softsign",
    "tan",
    "tanh",
];

/// Ops that sum products, or what they are given, in an order that is theirs to choose.
const SUMS: &[&str] = &[
    "avg_pool",
    "conv",
    "conv_transpose",
    "cumsum",
    "einsum",
    "linear",
    "matmul",
    "reduce_mean",
    "reduce_sum",
];

/// A source of other roundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jitter {
    pub(crate) seed: u64,
    /// The element type that all floats are rounded to; `None`: each to its own.
    pub(crate) grain: Option<DType>,
    /// What is below the last place of the largest number of its tensor becomes 0.
    pub(crate) flushes: bool,
}

impl Jitter {
    /// A constant, whose elements a rewrite may fold and round anew. `place` tells constants apart.
    pub(crate) fn constant(self, place: u64, value: &EvalValue) -> EvalValue {
        // A product with one power of two is exact; a sum of products with several rounds whatever they are.
        let elements = value.as_array().and_then(|array| array.slice::<f32>()).unwrap_or_default();
        let stays = matches!(elements, [only] if f64::from(*only).to_bits() << 12 == 0);
        self.moved(place, value, |_, _| (!stays).then_some(0.0))
    }

    /// The results of an op, of which `f64` says whether they were rounded.
    pub(crate) fn results(
        self,
        place: u64,
        context: &Context<'_>,
        results: Vec<EvalValue>,
    ) -> Vec<EvalValue> {
        if !results.iter().any(is_float) {
            return results;
        }
        if draws_or_keeps(context) {
            let coarser = |(at, value)| self.moved(place + at as u64, value, |_, _| None);
            return results.iter().enumerate().map(coarser).collect();
        }
        let exact = in_double(context, |_| None).unwrap_or_default();
        let raised = with_small_ones_raised(context, &results).unwrap_or_default();
        let always = TRANSCENDENTAL.contains(&context.def.name);
        let sizes = sum_of_sizes(context).unwrap_or_default();
        let grain = grain_of_terms(context);
        let moved = results.iter().enumerate().map(|(at, value)| {
            let (exact, raised, sizes) = (doubles(&exact, at), doubles(&raised, at), doubles(&sizes, at));
            let half_unit = value.as_array().map_or(0.0, |array| ulp(1.0, array.dtype()) / 2.0);
            let error = |index: usize, x: f64| match exact.as_ref().and_then(|all| all.get(index)) {
                Some(&exact) => {
                    let size = sizes.as_ref().and_then(|all| all.get(index)).copied().unwrap_or(0.0);
                    // Partial sums of whole grains are exact as long as they are small.
                    if exact != x || size * half_unit >= grain {
                        return Some((exact - x).abs().max(size * half_unit));
                    }
                    let raised = raised.as_ref().and_then(|all| all.get(index));
                    (always || raised.is_some_and(|&raised| is_swallowed(exact, raised))).then_some(0.0)
                }
                // Where there is nothing to compare with, everything is taken to be rounded.
                None => Some(0.0),
            };
            self.moved(place + at as u64, value, error)
        });
        moved.collect()
    }

    /// Moves the elements that were rounded, of which `error` tells by how much they are known to be off.
    fn moved(self, place: u64, value: &EvalValue, error: impl Fn(usize, f64) -> Option<f64>) -> EvalValue {
        let EvalValue::Array(array) = value else { return value.clone() };
        let Data::Single(elements) = array.data() else { return value.clone() };
        let dtype = self.grain.unwrap_or(array.dtype());
        let least = if self.flushes { ulp(largest(elements), dtype) } else { 0.0 };
        let mut stream = Stream::new(self.seed ^ place.wrapping_mul(0x9FB2_1C65_1E98_DF25));
        let moved = elements.iter().enumerate().map(|(index, &element)| {
            let own = f64::from(element);
            let steps = stream.below(3) as f64 - 1.0;
            let x = if own.abs() < least { 0.0 } else { rounded(own, dtype) };
            match error(index, own).or((x != own).then_some(0.0)) {
                Some(error) => displaced(x, dtype, steps, error) as f32,
                None => x as f32,
            }
        });
        let data = f32::pack(moved.collect());
        array.with_data(array.shape(), data).map_or_else(|_| value.clone(), EvalValue::Array)
    }
}

/// The number so many units in the last place away, or so many times the error that it has, if that is more;
/// with no step, what is left of it where only whole multiples of the error survive. An exact 0 and what is not
/// finite stay, and nothing becomes infinite.
fn displaced(x: f64, dtype: DType, steps: f64, error: f64) -> f64 {
    let error = if error.is_finite() { error } else { 0.0 };
    let step = if x == 0.0 { error } else { error.max(ulp(x, dtype)) };
    let from = if steps == 0.0 && step > 0.0 { (x / step).round_ties_even() * step } else { x };
    let moved = rounded(from + steps * step, dtype);
    if x.is_finite() && moved.is_finite() { moved } else { x }
}

/// The largest finite number, without its sign.
fn largest(elements: &[f32]) -> f64 {
    let sizes = elements.iter().map(|x| f64::from(x.abs()));
    sizes.filter(|x| x.is_finite()).fold(0.0, f64::max)
}

fn is_float(value: &EvalValue) -> bool {
    value.as_array().is_some_and(|array| array.dtype().is_float())
}

/// One of several results, as numbers.
fn doubles(results: &[EvalValue], at: usize) -> Option<Cow<'_, [f64]>> {
    results.get(at)?.as_array()?.reals::<f64>().ok()
}

/// Ops that draw random numbers, and those with states or blocks, whose values were moved inside.
fn draws_or_keeps(context: &Context<'_>) -> bool {
    let is_state = |value: &EvalValue| matches!(value, EvalValue::State(_));
    context.host.is_some()
        || context.def.name.starts_with("random_")
        || context.bound.iter().any(|(_, values)| values.iter().any(is_state))
}

/// The op once more, in `f64`, on the same operands, or on what `instead` puts in the place of some.
pub(crate) fn in_double(
    context: &Context<'_>,
    instead: impl Fn(&Array) -> Option<Array>,
) -> Option<Vec<EvalValue>> {
    let wide = |value: &EvalValue| match value {
        EvalValue::Array(array) if array.dtype().is_float() => {
            let wide = converted(array, array.dtype(), true).ok()?;
            Some(EvalValue::Array(instead(&wide).unwrap_or(wide)))
        }
        EvalValue::Array(_) => Some(value.clone()),
        _ => None,
    };
    let bound = context
        .bound
        .iter()
        .map(|(param, values)| Some((param.clone(), values.iter().map(wide).collect::<Option<_>>()?)));
    let bound = bound.collect::<Option<Vec<_>>>()?;
    let options: EvalOptions = context.options.clone().double();
    call(&Context { bound: &bound, options: &options, ..*context }).ok()
}

/// The order of its terms is free.
pub(crate) fn is_sum(context: &Context<'_>) -> bool {
    SUMS.contains(&context.def.name)
}

/// What a sum would be if its terms did not cancel: another order of them rounds partial sums of that size, even
/// where the op itself was lucky.
pub(crate) fn sum_of_sizes(context: &Context<'_>) -> Option<Vec<EvalValue>> {
    if !is_sum(context) {
        return None;
    }
    in_double(context, |operand| {
        let values = operand.reals::<f64>().ok()?;
        let sizes = values.iter().map(|x| x.abs()).collect();
        operand.with_data(operand.shape(), f64::pack(sizes)).ok()
    })
}

/// A number of which every term of a sum is a whole multiple: the last bits of the factors.
fn grain_of_terms(context: &Context<'_>) -> f64 {
    let last_bit = |x: f64| {
        let bits = x.to_bits();
        let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
        let zeros = if fraction == 0 { 52 } else { fraction.trailing_zeros() as i32 };
        2_f64.powi(exponent - 1075 + zeros)
    };
    let factors = context.bound.iter().filter(|(name, _)| **name != *"bias").flat_map(|(_, values)| values);
    let factors =
        factors.filter_map(|value| value.as_array()?.dtype().is_float().then(|| value.as_array())?);
    let grains = factors.filter_map(|factor| {
        let values = factor.reals::<f64>().ok()?;
        values.iter().filter(|x| x.is_finite() && **x != 0.0).map(|&x| last_bit(x)).reduce(f64::min)
    });
    grains.product()
}

/// `f64` adds what is so much smaller than the rest, and products of two such numbers.
const VISIBLE: f64 = 1.0 / (1 << 25) as f64;

/// The op in `f64` with the elements of its operands that a sum with the others may swallow made large enough
/// to be seen. `None` where there are no such elements.
fn with_small_ones_raised(context: &Context<'_>, results: &[EvalValue]) -> Option<Vec<EvalValue>> {
    let operands = || context.bound.iter().flat_map(|(_, values)| values).filter(|value| is_float(value));
    let sizes = |value: &EvalValue| {
        let values = value.as_array().and_then(|array| array.reals::<f64>().ok());
        let finite =
            values.iter().flat_map(|values| values.iter()).map(|x| x.abs()).filter(|x| x.is_finite());
        finite.fold((0.0_f64, f64::INFINITY), |(most, least), x| {
            (most.max(x), if x > 0.0 { least.min(x) } else { least })
        })
    };
    let most = operands().chain(results).map(|value| sizes(value).0).fold(0.0_f64, f64::max);
    let least = operands().map(|value| sizes(value).1).fold(f64::INFINITY, f64::min);
    let visible = most * VISIBLE;
    if least >= visible {
        return None;
    }
    in_double(context, |operand| {
        let values = operand.reals::<f64>().ok()?;
        // Of different sizes, so that they do not cancel.
        let mut stream = Stream::new(values.len() as u64);
        let raised = values.iter().map(|&x| {
            let larger = visible * (1.0 + stream.unit());
            if x != 0.0 && x.abs() < visible { larger.copysign(x) } else { x }
        });
        operand.with_data(operand.shape(), f64::pack(raised.collect())).ok()
    })
}

/// A result that depends a little on elements that are too small for `f64` to add: it was rounded, though
/// `f64` finds the same number. What depends on them by more is made of them alone.
fn is_swallowed(exact: f64, raised: f64) -> bool {
    exact != raised && (exact - raised).abs() < exact.abs() / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_stay_and_what_is_one_power_of_two() {
        let array = Array::from_vec(&[6], vec![1.0_f32, -0.5, 0.0, f32::INFINITY, 3.0, 0.1]).unwrap();
        let value = EvalValue::from(array);
        let mut moved = [false; 6];
        for seed in 0..20 {
            let other = Jitter { seed, grain: None, flushes: false }.constant(0, &value);
            let other = other.as_array().unwrap().reals::<f32>().unwrap().into_owned();
            let own = value.as_array().unwrap().reals::<f32>().unwrap();
            for (flag, (a, b)) in moved.iter_mut().zip(own.iter().zip(&other)) {
                *flag |= a != b;
                assert!(a == b || (a - b).abs() <= 3e-7, "{a} {b}");
            }
        }
        assert_eq!(moved, [true, true, false, false, true, true]);
        let half = EvalValue::from(Array::from_vec(&[1], vec![0.5_f32]).unwrap());
        let other = Jitter { seed: 1, grain: None, flushes: false }.constant(0, &half);
        assert_eq!(other.as_array(), half.as_array());
    }
}
