use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

pass! {
    /// Removes zero points that are 0, or that another integer type makes 0.
    ///
    /// int8 with zero point -128 is uint8 without one, and uint8 with 128 is int8 without one. The integers
    /// change with it, so that this is done only where they are a constant, or where a `quantize` feeds one
    /// `dequantize` alone.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     int8 z = const()[name = string("z"), val = int8(-128)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<int8, [2]> q = quantize(input = x, output_dtype = int8, scale = s, zero_point = z)[name = string("q")];
    ///     tensor<fp32, [2]> y = dequantize(input = q, scale = s, zero_point = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     string y_output_dtype_0 = const()[name = string("y_output_dtype_0"), val = string("uint8")];
    ///     tensor<uint8, [2]> q_0 = quantize(input = x, output_dtype = y_output_dtype_0, scale = s)[name = string("q")];
    ///     tensor<fp32, [2]> y = dequantize(input = q_0, scale = s)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct NullifyRedundantQuantizationZeroPoint;
    id: "nullify_redundant_quantization_zero_point",
    numerics: Exact,
    aliases: [Alias::plain("common::nullify_redundant_quantization_zero_point")],
    patterns: [
        /// `quantize` or `dequantize` with zero point 0
        zero(quantize | dequantize),
        /// `dequantize` of a constant with zero point ±128
        constant(dequantize),
        /// `quantize` with zero point ±128, then `dequantize` with the same
        pair(dequantize),
    ],
}

fn zero(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let zero_point = rw.constant(op, "zero_point")?;
    No::unless(zero_point.is_splat_of(0.0)?, "the zero point is not 0")?;
    let new = rw.like(op)?.without("zero_point");
    rw.replace(op, new, &[])
}

fn constant(rw: &mut Rewrite<'_>, dequantize: OpId) -> Matched {
    let other = shifted_type(rw, dequantize)?;
    let input = rw.constant(dequantize, "input")?;
    // Adding or taking away 128 turns the highest bit, and nothing else.
    let bytes: Vec<u8> = input.bytes()?.iter().map(|byte| byte ^ 0x80).collect();
    let input = Tensor::from_bytes(other, input.shape(), bytes)?;
    let new = rw.like(dequantize)?.without("zero_point").set("input", input);
    rw.replace(dequantize, new, &[])
}

fn pair(rw: &mut Rewrite<'_>, dequantize: OpId) -> Matched {
    let quantize = rw.producer(dequantize, "input", &["quantize"])?;
    rw.used_only_by(quantize, dequantize)?;
    let other = shifted_type(rw, dequantize)?;
    No::unless(shifted_type(rw, quantize)? == other, "the types differ")?;
    let label = rw.graph().label(quantize).clone();
    let quantized = rw.like(quantize)?.without("zero_point").named(label);
    let quantized = quantized.set("output_dtype", Tensor::string(other.to_string()));
    let new = rw.like(dequantize)?.without("zero_point");
    let quantized = rw.emit_one(quantized, dequantize)?;
    rw.replace(dequantize, new.set("input", quantized), &[quantize])
}

/// The integer type in which the zero point of an op is 0.
fn shifted_type(rw: &Rewrite<'_>, op: OpId) -> Result<DType, No> {
    let zero_point = rw.constant(op, "zero_point")?;
    match (zero_point.dtype(), zero_point.splat_value()?) {
        (DType::Int8, Some(-128.0)) => Ok(DType::Uint8),
        (DType::Uint8, Some(128.0)) => Ok(DType::Int8),
        _ => Err(No::miss("no other type has the zero point at 0")),
    }
}
