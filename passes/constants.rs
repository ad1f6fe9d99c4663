//! Constants that passes compute: fitting one to a value, combining it, rounding it once.

use half::f16;
use mil_ir::{At, Graph, Literal, NewOp, OpId, ValueId};
use mil_pass::{No, Rewrite, Side};
use mil_tensor::{DType, Tensor};

/// A vector of this element type, each element rounded once. Refused where a value is not finite in it.
pub(crate) fn to_dtype(values: &[f64], dtype: DType) -> Result<Tensor, No> {
    if !matches!(dtype, DType::Fp16 | DType::Fp32) {
        return Err(No::miss(format!("constants of type {dtype} are not computed")));
    }
    let finite = values.iter().all(|&value| fits(value, dtype));
    No::unless(finite, "a new constant is not finite in its element type")?;
    Ok(Tensor::from_f64s(dtype, &[values.len()], values)?)
}

/// Puts a constant in the place of a result, under its name, before the op that gave it.
pub(crate) fn replace_result(graph: &mut Graph, op: OpId, value: ValueId, tensor: Tensor) {
    let name = graph.value(value).name().clone();
    let hidden = graph.fresh_name(&format!("{name}_folded"));
    graph.rename_value(value, hidden);
    let constant = graph.insert(NewOp::constant(name, Literal::tensor(tensor)), At::Before(op));
    let replacement = graph.op(constant).results()[0];
    graph.replace_uses(value, replacement);
}

/// A vector of integers, as parameters take it. Refused where one is beyond int32.
pub(crate) fn ints(values: impl IntoIterator<Item = i64>) -> Result<Tensor, No> {
    let narrow: Result<Vec<i32>, _> = values.into_iter().map(i32::try_from).collect();
    Ok(Tensor::ints(&narrow.map_err(|_| No::miss("an integer is beyond int32"))?))
}

/// A value is finite in an element type, once it is rounded to it.
pub(crate) fn fits(value: f64, dtype: DType) -> bool {
    match dtype {
        // Half a unit in the last place beyond the largest number rounds to infinity.
        DType::Fp16 => value.abs() < f64::from(f16::MAX.to_f32()) + 16.0,
        _ => (value as f32).is_finite(),
    }
}

/// Rounding a value to an element type loses no more than rounding does: not what lies beyond the range, and
/// not what falls into the gap around zero, where units are coarse and small numbers vanish.
fn rounds_well(value: f64, dtype: DType) -> bool {
    let (rounded, half_a_unit) = match dtype {
        DType::Fp16 => (f16::from_f64(value).to_f64(), 2_f64.powi(-11)),
        _ => (f64::from(value as f32), 2_f64.powi(-24)),
    };
    fits(value, dtype) && (rounded - value).abs() <= half_a_unit * value.abs()
}

/// A weight with each slice along an axis scaled, or all of it by one factor, rounded once. Refused where a
/// product is not finite in the element type, or loses more than rounding: a weight must not vanish.
pub(crate) fn scaled(weight: &Tensor, axis: usize, scale: &[f64]) -> Result<Tensor, No> {
    let factors = Tensor::from_slice(&[scale.len()], scale)?;
    if !keeps_normal(weight, scale)? {
        check_products(weight, axis, &factors)?;
    }
    Ok(weight.scale_shift(axis, Some(&factors), None)?)
}

/// No product with any of the factors leaves the normal numbers of the element type: one look at the elements
/// says so of nearly all weights, and no product need be computed.
fn keeps_normal(weight: &Tensor, scale: &[f64]) -> Result<bool, No> {
    let (mut elements, mut factors) = (Magnitudes::default(), Magnitudes::default());
    factors.see(scale);
    weight.for_each_f64_chunk(|values| elements.see(values))?;
    let smallest = if weight.dtype() == DType::Fp16 { 2_f64.powi(-14) } else { f64::from(f32::MIN_POSITIVE) };
    let finite = elements.most * factors.most;
    Ok(finite.is_finite() && fits(finite, weight.dtype()) && elements.least * factors.least >= smallest)
}

/// The smallest magnitude that is not zero, and the largest; that is infinite where one is not a number.
struct Magnitudes {
    least: f64,
    most: f64,
}

impl Default for Magnitudes {
    fn default() -> Magnitudes {
        Magnitudes { least: f64::INFINITY, most: 0.0 }
    }
}

impl Magnitudes {
    fn see(&mut self, values: &[f64]) {
        for value in values.iter().map(|value| value.abs()) {
            self.least = if value < self.least && value > 0.0 { value } else { self.least };
            self.most = self.most.max(if value.is_nan() { f64::INFINITY } else { value });
        }
    }
}

/// Guard: every product is finite in the element type, and loses no more than rounding does.
fn check_products(weight: &Tensor, axis: usize, factors: &Tensor) -> Result<(), No> {
    let exact = weight.cast(DType::Fp64)?.scale_shift(axis, Some(factors), None)?;
    let (mut finite, mut precise) = (true, true);
    exact.for_each_f64_chunk(|products| {
        finite &= products.iter().all(|&product| fits(product, weight.dtype()));
        precise &= products.iter().all(|&product| rounds_well(product, weight.dtype()));
    })?;
    No::unless(finite, "the scaled weight is not finite in its element type")?;
    No::unless(precise, "the scaled weight is too small for its element type")
}

/// One over each element, rounded once. Refused where that is not finite in the element type, or loses more
/// than rounding.
pub(crate) fn reciprocals(divisor: &Tensor) -> Result<Tensor, No> {
    let values: Vec<f64> = divisor.to_f64s()?.into_iter().map(f64::recip).collect();
    let precise = values.iter().all(|&value| rounds_well(value, divisor.dtype()));
    No::unless(precise, "a reciprocal is not finite, or too small for its element type")?;
    Ok(Tensor::from_f64s(divisor.dtype(), divisor.shape(), &values)?)
}

/// The product of two constants, each element rounded once, of the size of the larger one. Refused where the
/// product is larger, or an element is not finite or loses more than rounding.
pub(crate) fn product(a: &Tensor, b: &Tensor) -> Result<Tensor, No> {
    let (shape, [of_a, of_b]) = broadcast(a, b)?;
    No::unless(of_a.len() <= a.len().max(b.len()), "the product of the constants is larger than both")?;
    let products: Vec<f64> = of_a.iter().zip(&of_b).map(|(a, b)| a * b).collect();
    let precise = products.iter().all(|&value| rounds_well(value, a.dtype()));
    No::unless(precise, "a product is not finite, or too small for its element type")?;
    Ok(Tensor::from_f64s(a.dtype(), &shape, &products)?)
}

/// The shape that two constants are broadcast to, and the elements of each in it.
pub(crate) fn broadcast(a: &Tensor, b: &Tensor) -> Result<(Vec<usize>, [Vec<f64>; 2]), No> {
    let rank = a.rank().max(b.rank());
    let padded = |tensor: &Tensor| [&vec![1; rank - tensor.rank()], tensor.shape()].concat();
    let (of_a, of_b) = (padded(a), padded(b));
    let shape: Vec<usize> = of_a.iter().zip(&of_b).map(|(&a, &b)| if a == 1 { b } else { a }).collect();
    let stretched = |mut values: Vec<f64>, own: &[usize]| {
        let mut inner = 1;
        for (&own, &size) in own.iter().zip(&shape).rev() {
            if own == 1 && size != 1 {
                values = values.chunks(inner).flat_map(|chunk| chunk.repeat(size)).collect();
            }
            inner = (inner * size).max(1);
        }
        values
    };
    let values = [stretched(a.to_f64s()?, &of_a), stretched(b.to_f64s()?, &of_b)];
    Ok((shape, values))
}

/// How a value and a constant count in a sum or difference of them, by the side on which the value stands.
pub(crate) fn signs(rw: &Rewrite<'_>, op: OpId, value: Side) -> (f64, f64) {
    match (rw.is(op, &["sub"]), value) {
        (false, _) => (1.0, 1.0),
        (true, Side::X) => (1.0, -1.0),
        (true, Side::Y) => (-1.0, 1.0),
    }
}

/// The elements of a constant along one axis of a value that it is combined with, which has `size` places.
/// Refused where the constant varies along another axis, or would widen the result.
pub(crate) fn along_axis(
    rw: &Rewrite<'_>,
    constant: &Tensor,
    value: ValueId,
    axis: usize,
    size: usize,
) -> Result<Vec<f64>, No> {
    let rank = rw.rank(value)?;
    let missing = rank.checked_sub(constant.rank()).ok_or(No::miss("the constant has more axes"))?;
    let mut others = constant.shape().iter().enumerate().filter(|(at, _)| at + missing != axis);
    No::unless(others.all(|(_, &size)| size == 1), "the constant varies along another axis")?;
    No::unless(constant.dtype() == rw.dtype(value)?, "the constant has another element type")?;
    let declared = rw.ty(value).dims().and_then(|dims| dims.get(axis)?.fixed());
    No::unless(declared == Some(size as u64), "the axis has another size, or an unknown one")?;
    match constant.to_f64s()?[..] {
        [only] => Ok(vec![only; size]),
        ref values if values.len() == size => Ok(values.to_vec()),
        _ => Err(No::miss("the constant has another size")),
    }
}

/// A constant that is broadcast to `shape`, reduced to these axes, which it must fill. Refused where it
/// varies along others.
pub(crate) fn along_axes(constant: &Tensor, shape: &[usize], axes: &[usize]) -> Result<Tensor, No> {
    let missing = shape.len().checked_sub(constant.rank()).ok_or(No::miss("the constant has more axes"))?;
    for (axis, &size) in shape.iter().enumerate() {
        let own = if axis < missing { 1 } else { constant.shape()[axis - missing] };
        let wanted = if axes.contains(&axis) { size } else { 1 };
        No::unless(own == wanted, "the constant does not vary along the right axes")?;
    }
    let kept: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    Ok(constant.reshaped(&kept)?)
}

/// One value for each of `size` places, from one value for each block of them.
pub(crate) fn repeated_blocks(values: &[f64], size: usize) -> Result<Vec<f64>, No> {
    let divides = !values.is_empty() && size.is_multiple_of(values.len());
    No::unless(divides, "the blocks do not divide the axis")?;
    Ok(values.iter().flat_map(|&value| std::iter::repeat_n(value, size / values.len())).collect())
}

/// Each slice along an axis `times` times in a row.
pub(crate) fn repeated_along(tensor: &Tensor, axis: usize, times: usize) -> Result<Tensor, No> {
    if times == 1 {
        return Ok(tensor.clone());
    }
    let mut split = tensor.shape().to_vec();
    split.insert(axis + 1, 1);
    let once = tensor.reshaped(&split)?;
    let mut shape = tensor.shape().to_vec();
    shape[axis] *= times;
    Ok(Tensor::concat(axis + 1, &vec![once; times])?.reshaped(&shape)?)
}
