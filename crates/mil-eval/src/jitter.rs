//! Rounding the other way: an evaluation in which each rounding falls as it might have.
//!
//! Where a value is rounded, the result goes to a neighbour at random: each float constant that is not a
//! single power of two (a product with one does not round, so folding it does not either), and each result of
//! an op that `f64` finds to be another number. What only moves data stays, and so does arithmetic on whole
//! numbers, which is exact. How far the outputs of some such evaluations lie apart is what rounding can do to
//! the program.
//!
//! With a coarser grain, every float is rounded to that type first: what the program would be if it computed
//! in it.
//!
//! Without headroom, nothing is moved, but each result of an op that overflowed, or is close to the largest number
//! of its type, becomes NaN, and so does what depends on it: a sum or a product in another order may overflow there.

use mil_ops::eval::{Context, Data, EvalOptions, EvalValue, Stored, call};
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

/// A source of other roundings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jitter {
    pub(crate) seed: u64,
    /// The element type that all floats are rounded to; `None`: each to its own.
    pub(crate) grain: Option<DType>,
    /// Results may be as large as their type allows.
    pub(crate) headroom: bool,
}

impl Jitter {
    /// A constant, whose elements a rewrite may fold and round anew. `place` tells constants apart.
    pub(crate) fn constant(self, place: u64, value: &EvalValue) -> EvalValue {
        if !self.headroom {
            return value.clone();
        }
        // A product with one power of two is exact; a sum of products with several rounds whatever they are.
        let elements = value.as_array().and_then(|array| array.slice::<f32>()).unwrap_or_default();
        let stays = matches!(elements, [only] if f64::from(*only).to_bits() << 12 == 0);
        self.moved(place, value, |_, _| !stays)
    }

    /// The results of an op, of which `f64` says whether they were rounded.
    pub(crate) fn results(
        self,
        place: u64,
        context: &Context<'_>,
        results: Vec<EvalValue>,
    ) -> Vec<EvalValue> {
        let is_float = |value: &EvalValue| value.as_array().is_some_and(|array| array.dtype().is_float());
        if !results.iter().any(is_float) {
            return results;
        }
        if draws_or_keeps(context) {
            let coarser = |(at, value)| self.moved(place + at as u64, value, |_, _| false);
            return results.iter().enumerate().map(coarser).collect();
        }
        let exact = in_double(context).unwrap_or_default();
        if !self.headroom {
            let kept = |(at, value)| without_the_largest(value, exact.get(at));
            return results.iter().enumerate().map(kept).collect();
        }
        let always = TRANSCENDENTAL.contains(&context.def.name);
        let moved = results.iter().enumerate().map(|(at, value)| {
            let wide =
                exact.get(at).and_then(EvalValue::as_array).and_then(|array| array.reals::<f64>().ok());
            // Where there is nothing to compare with, everything is taken to be rounded.
            let differs = |index: usize, x: f64| {
                always || wide.as_ref().and_then(|wide| wide.get(index)).is_none_or(|&exact| exact != x)
            };
            self.moved(place + at as u64, value, differs)
        });
        moved.collect()
    }

    /// Moves the elements for which `rounds` holds.
    fn moved(self, place: u64, value: &EvalValue, rounds: impl Fn(usize, f64) -> bool) -> EvalValue {
        let EvalValue::Array(array) = value else { return value.clone() };
        let Data::Single(elements) = array.data() else { return value.clone() };
        let dtype = self.grain.unwrap_or(array.dtype());
        let mut stream = Stream::new(self.seed ^ place.wrapping_mul(0x9FB2_1C65_1E98_DF25));
        let moved = elements.iter().enumerate().map(|(index, &element)| {
            let own = f64::from(element);
            let steps = stream.below(3) as f64 - 1.0;
            let x = rounded(own, dtype);
            if x != own || rounds(index, own) { neighbour(x, dtype, steps) as f32 } else { x as f32 }
        });
        let data = f32::pack(moved.collect());
        array.with_data(array.shape(), data).map_or_else(|_| value.clone(), EvalValue::Array)
    }
}

/// A value with NaN for each element that overflowed, as `f64` tells from one that is infinite in truth, and for
/// each that is so large that a rewrite may overflow there: one that multiplies by a scale first, say.
fn without_the_largest(value: &EvalValue, exact: Option<&EvalValue>) -> EvalValue {
    let EvalValue::Array(array) = value else { return value.clone() };
    let Data::Single(elements) = array.data() else { return value.clone() };
    let exact = exact.and_then(EvalValue::as_array).and_then(|array| array.reals::<f64>().ok());
    // Of fp16, which has few exponents, less is taken away.
    let limit = if array.dtype() == DType::Fp16 { 65504.0 / 8.0 } else { f32::MAX / 1024.0 };
    let kept = elements.iter().enumerate().map(|(at, &x)| {
        let is_true =
            x.is_infinite() && exact.as_ref().and_then(|exact| exact.get(at)) == Some(&f64::from(x));
        if x.abs() > limit && !is_true { f32::NAN } else { x }
    });
    let data = f32::pack(kept.collect());
    array.with_data(array.shape(), data).map_or_else(|_| value.clone(), EvalValue::Array)
}

/// The number so many steps away; 0 and what is not finite stay, and nothing becomes infinite.
fn neighbour(x: f64, dtype: DType, steps: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let moved = rounded(x + steps * ulp(x, dtype), dtype);
    if moved.is_finite() { moved } else { x }
}

/// Ops that draw random numbers, and those with states or blocks, whose values were moved inside.
fn draws_or_keeps(context: &Context<'_>) -> bool {
    let is_state = |value: &EvalValue| matches!(value, EvalValue::State(_));
    context.host.is_some()
        || context.def.name.starts_with("random_")
        || context.bound.iter().any(|(_, values)| values.iter().any(is_state))
}

/// The op once more, in `f64`, on the same operands.
fn in_double(context: &Context<'_>) -> Option<Vec<EvalValue>> {
    let wide = |value: &EvalValue| match value {
        EvalValue::Array(array) if array.dtype().is_float() => {
            Some(EvalValue::Array(converted(array, array.dtype(), true).ok()?))
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

#[cfg(test)]
mod tests {
    use mil_ops::eval::Array;

    use super::*;

    #[test]
    fn zeros_stay_and_what_is_one_power_of_two() {
        let array = Array::from_vec(&[6], vec![1.0_f32, -0.5, 0.0, f32::INFINITY, 3.0, 0.1]).unwrap();
        let value = EvalValue::from(array);
        let mut moved = [false; 6];
        for seed in 0..20 {
            let other = Jitter { seed, grain: None, headroom: true }.constant(0, &value);
            let other = other.as_array().unwrap().reals::<f32>().unwrap().into_owned();
            let own = value.as_array().unwrap().reals::<f32>().unwrap();
            for (flag, (a, b)) in moved.iter_mut().zip(own.iter().zip(&other)) {
                *flag |= a != b;
                assert!(a == b || (a - b).abs() <= 3e-7, "{a} {b}");
            }
        }
        assert_eq!(moved, [true, true, false, false, true, true]);
        let half = EvalValue::from(Array::from_vec(&[1], vec![0.5_f32]).unwrap());
        let other = Jitter { seed: 1, grain: None, headroom: true }.constant(0, &half);
        assert_eq!(other.as_array(), half.as_array());
    }
}
