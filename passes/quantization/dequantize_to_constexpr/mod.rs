use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes a `constexpr_affine_dequantize` of a `dequantize` of a constant.
    ///
    /// The weight stays compressed in the file, which folding the `dequantize` would end.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<int8, [2]> q = const()[name = string("q"), val = tensor<int8, [2]>([1, -2])];
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [2]> w = dequantize(input = q, scale = s)[name = string("w")];
    ///     tensor<fp32, [2]> y = add(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> w = constexpr_affine_dequantize()[axis = int32(0), name = string("w"), quantized_data = tensor<int8, [2]>([1, -2]), scale = fp32(0x1p-1), zero_point = int8(0)];
    ///     tensor<fp32, [2]> y = add(x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DequantizeToConstexpr;
    id: "dequantize_to_constexpr",
    numerics: Exact,
    aliases: [Alias::plain("common::dequantize_to_constexpr")],
    patterns: [
        /// `dequantize` of a constant
        constant(dequantize),
    ],
}

fn constant(rw: &mut Rewrite<'_>, dequantize: OpId) -> Matched {
    let (data, scale) = (rw.constant(dequantize, "input")?, rw.constant(dequantize, "scale")?);
    let zero_point = match rw.optional_constant(dequantize, "zero_point")? {
        Some(zero_point) => zero_point,
        None => Tensor::from_f64s(data.dtype(), &[], &[0.0])?,
    };
    // One number for all is a scalar here, whatever the axis.
    let call = rw.call(dequantize)?;
    let (axis, scalar) = match scale.len() {
        1 => (0, true),
        _ => (call.axis("axis", data.rank())?, false),
    };
    let shaped = |tensor: Tensor| if scalar && tensor.len() == 1 { tensor.reshaped(&[]) } else { Ok(tensor) };
    let new = NewOp::new("constexpr_affine_dequantize")
        .attribute("quantized_data", data)
        .attribute("scale", shaped(scale)?)
        .attribute("zero_point", shaped(zero_point)?)
        .attribute("axis", Tensor::scalar(axis as i32));
    rw.replace(dequantize, new, &[])
}
