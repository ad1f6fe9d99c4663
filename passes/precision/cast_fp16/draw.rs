//! Calls that are drawn from the ranges of inputs.

use std::collections::BTreeMap;

use mil_eval::Inputs;
use mil_ir::{Graph, Name};
use mil_ops::Range;
use mil_ops::eval::Array;
use mil_pass::PassError;
use mil_tensor::Tensor;

/// How many.
const DRAWN: u64 = 4;

/// The ranges of inputs, by their names.
pub(super) fn told(ranges: &BTreeMap<String, Vec<f64>>) -> Result<BTreeMap<Name, Range>, PassError> {
    let range = |(name, bounds): (&String, &Vec<f64>)| match bounds[..] {
        [least, greatest] if least <= greatest => {
            Ok((Name::from(name.as_str()), Range::new(least, greatest)))
        }
        _ => Err(PassError::Refused(format!("ranges: {name} needs two numbers, the least first"))),
    };
    ranges.iter().map(range).collect()
}

/// Calls whose elements are anywhere in the ranges; none if an input has no range, or no fixed size.
pub(super) fn calls(graph: &Graph, ranges: &BTreeMap<String, Vec<f64>>) -> Result<Vec<Inputs>, PassError> {
    let told = told(ranges)?;
    let mut drawn = Vec::new();
    for number in 0..DRAWN {
        let mut call = Inputs::new();
        for &input in graph.root().inputs() {
            let (name, ty) = (graph.value(input).name(), graph.value(input).ty());
            if ty.as_state().is_some() {
                continue;
            }
            let (Some(range), Some(dtype), Some(shape)) = (told.get(name), ty.dtype(), ty.fixed_shape())
            else {
                return Ok(Vec::new());
            };
            let mut state = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(number + 1);
            let count: usize = shape.iter().product();
            let values = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
                let value = range.low + (range.high - range.low) * share;
                if dtype.is_float() { value } else { value.round() }
            });
            let values: Vec<f64> = values.take(count).collect();
            let refused = |error: String| PassError::Refused(format!("ranges of {name}: {error}"));
            let tensor = Tensor::from_f64s(dtype, &shape, &values).map_err(|e| refused(e.to_string()))?;
            let array = Array::from_tensor(&tensor, false).map_err(|e| refused(e.to_string()))?;
            call.insert(name.clone(), array);
        }
        if call.is_empty() {
            return Ok(Vec::new());
        }
        drawn.push(call);
    }
    Ok(drawn)
}
