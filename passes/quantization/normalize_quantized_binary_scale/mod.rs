use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::fits;

pass! {
    /// Gives one operand of a quantized sum the scale 1.
    ///
    /// `add` or `sub` of two `dequantize`, an optional `relu`, `quantize`: dividing the other scales by that
    /// of one operand leaves the integers as they are, up to rounding, and saves a multiplication where the
    /// kernel takes one scale only. The second operand is the one, or the first where the second has a scale
    /// per slice. Scales are constant; a quotient beyond the range of fp16 is refused, as is a negative scale
    /// in front of `relu`, which would change its sign. A `dequantize` with other users stays for them.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<int8, [2]> a, tensor<int8, [2]> b) {
    ///     fp32 two = const()[name = string("two"), val = fp32(0x1p+1)];
    ///     fp32 half = const()[name = string("half"), val = fp32(0x1p-1)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<fp32, [2]> u = dequantize(input = a, scale = two)[name = string("u")];
    ///     tensor<fp32, [2]> v = dequantize(input = b, scale = half)[name = string("v")];
    ///     tensor<fp32, [2]> s = add(x = u, y = v)[name = string("s")];
    ///     tensor<int8, [2]> y = quantize(input = s, output_dtype = int8, scale = two)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<int8, [2]> a, tensor<int8, [2]> b) {
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     fp32 s_scale_0 = const()[name = string("s_scale_0"), val = fp32(0x1p+2)];
    ///     tensor<fp32, [2]> s_u = dequantize(input = a, scale = s_scale_0)[name = string("s_u")];
    ///     fp32 s_scale_1 = const()[name = string("s_scale_1"), val = fp32(0x1p+0)];
    ///     tensor<fp32, [2]> s_v = dequantize(input = b, scale = s_scale_1)[name = string("s_v")];
    ///     tensor<fp32, [2]> s = add(x = s_u, y = s_v)[name = string("s")];
    ///     fp32 y_scale_0 = const()[name = string("y_scale_0"), val = fp32(0x1p+2)];
    ///     tensor<int8, [2]> y = quantize(input = s, output_dtype = int8, scale = y_scale_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct NormalizeQuantizedBinaryScale;
    id: "normalize_quantized_binary_scale",
    numerics: Rounding,
    aliases: [Alias::plain("common::distributive_quantized_binary_op_scale_normalization")],
    patterns: [
        /// `dequantize` twice, `add` or `sub`, perhaps `relu`, `quantize`
        sum(quantize),
    ],
}

fn sum(rw: &mut Rewrite<'_>, quantize: OpId) -> Matched {
    let tail = rw.producer(quantize, "input", &["relu", "add", "sub"])?;
    rw.used_only_by(tail, quantize)?;
    let op = match rw.is(tail, &["relu"]) {
        true => rw.producer(tail, "x", &["add", "sub"])?,
        false => tail,
    };
    if op != tail {
        rw.used_only_by(op, tail)?;
    }
    let x = rw.producer(op, "x", &["dequantize"])?;
    let y = rw.producer(op, "y", &["dequantize"])?;
    No::unless(x != y, "both operands are the same value")?;
    for operand in [x, y] {
        let unit = rw.constant(operand, "scale")?.is_splat_of(1.0)?;
        No::unless(!unit, "the scale of an operand is 1 already")?;
    }
    let result = rw.constant(quantize, "scale")?;
    let (one, other, [other_scale, result_scale]) = match quotients(rw, y, x, &result, op != tail) {
        Ok(found) => (y, x, found),
        Err(No::Miss(_)) => (x, y, quotients(rw, x, y, &result, op != tail)?),
        Err(fault) => return Err(fault),
    };
    let scale = rw.constant(one, "scale")?;
    let unit = Tensor::from_f64s(scale.dtype(), scale.shape(), &vec![1.0; scale.len()])?;
    let divided = rescaled(rw, other, other_scale, op)?;
    let divided = rw.emit_one(divided, op)?;
    let units = rescaled(rw, one, unit, op)?;
    let units = rw.emit_one(units, op)?;
    let (first, second) = if one == y { (divided, units) } else { (units, divided) };
    rw.graph_mut().set_operand(op, "x", 0, first);
    rw.graph_mut().set_operand(op, "y", 0, second);
    rw.erase_unused(&[x, y]);
    let new = rw.like(quantize)?.set("scale", result_scale);
    rw.replace(quantize, new, &[])
}

/// The scales of the other operand and of the result, divided by that of `one`.
fn quotients(
    rw: &Rewrite<'_>,
    one: OpId,
    other: OpId,
    result: &Tensor,
    rectified: bool,
) -> Result<[Tensor; 2], No> {
    let scale = rw.constant(one, "scale")?;
    let divisor = scale.item_f64().filter(|_| scale.rank() == 0);
    let divisor = divisor.ok_or(No::miss("neither operand has a single scale"))?;
    No::unless(divisor > 0.0 || !rectified, "a negative scale stands before relu")?;
    let divided = |scale: &Tensor| -> Result<Tensor, No> {
        let values: Vec<f64> = scale.to_f64s()?.into_iter().map(|scale| scale / divisor).collect();
        let smallest = f64::from(half::f16::from_bits(1).to_f32());
        let in_range = |value: &f64| value.abs() >= smallest && fits(*value, mil_tensor::DType::Fp16);
        No::unless(values.iter().all(in_range), "a quotient is beyond the range of fp16")?;
        Ok(Tensor::from_f64s(scale.dtype(), scale.shape(), &values)?)
    };
    Ok([divided(&rw.constant(other, "scale")?)?, divided(result)?])
}

/// The same `dequantize` with another scale, named after the sum that it is for.
fn rescaled(rw: &Rewrite<'_>, dequantize: OpId, scale: Tensor, op: OpId) -> Result<NewOp, No> {
    let graph = rw.graph();
    let name = format!("{}_{}", graph.label(op), graph.label(dequantize));
    Ok(rw.like(dequantize)?.set("scale", scale).named(name))
}
