use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::quantization::Affine;

pass! {
    /// Moves elements as integers instead of dequantizing them, moving them and quantizing them again.
    ///
    /// The two sides have the same scalar scale and zero point and the same integer type, and no scale is so
    /// small or large that a number would come back as another integer. The moved numbers must have no other
    /// use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<int32, [2]> shape = const()[name = string("shape"), val = tensor<int32, [2]>([1, 2])];
    ///     tensor<int8, [2]> q = quantize(input = x, output_dtype = int8, scale = s)[name = string("q")];
    ///     tensor<fp32, [2]> d = dequantize(input = q, scale = s)[name = string("d")];
    ///     tensor<fp32, [1, 2]> m = reshape(shape = shape, x = d)[name = string("m")];
    ///     tensor<int8, [1, 2]> r = quantize(input = m, output_dtype = int8, scale = s)[name = string("r")];
    ///     tensor<fp32, [1, 2]> y = dequantize(input = r, scale = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<int32, [2]> shape = const()[name = string("shape"), val = tensor<int32, [2]>([1, 2])];
    ///     tensor<int8, [2]> q = quantize(input = x, output_dtype = int8, scale = s)[name = string("q")];
    ///     tensor<int8, [1, 2]> r = reshape(shape = shape, x = q)[name = string("r")];
    ///     tensor<fp32, [1, 2]> y = dequantize(input = r, scale = s)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct IntOpCanonicalization;
    id: "int_op_canonicalization",
    numerics: Exact,
    aliases: [Alias::plain("common::int_op_canonicalization")],
    patterns: [
        /// `dequantize`, `reshape`, `quantize`
        reshaped(quantize),
        /// `dequantize`, another op that only moves elements, `quantize`
        ours moved(quantize),
    ],
}

fn reshaped(rw: &mut Rewrite<'_>, quantize: OpId) -> Matched {
    between(rw, quantize, &["reshape"])
}

fn moved(rw: &mut Rewrite<'_>, quantize: OpId) -> Matched {
    between(rw, quantize, &["transpose", "squeeze", "expand_dims", "slice_by_index", "slice_by_size"])
}

fn between(rw: &mut Rewrite<'_>, quantize: OpId, kinds: &[&str]) -> Matched {
    let moving = rw.producer(quantize, "input", kinds)?;
    rw.used_only_by(moving, quantize)?;
    let dequantize = rw.producer(moving, "x", &["dequantize"])?;
    let affine = Affine::new(rw, dequantize)?;
    No::unless(affine.axis.is_none(), "the scale varies along an axis")?;
    let scalar = affine.zero_point.as_ref().is_none_or(|zero_point| zero_point.len() == 1);
    No::unless(scalar, "the zero point varies along an axis")?;
    affine.undoes(rw, dequantize, quantize)?;
    let new = rw.like(moving)?.set("x", rw.input(dequantize, "input")?);
    rw.replace(quantize, new, &[moving, dequantize])
}
