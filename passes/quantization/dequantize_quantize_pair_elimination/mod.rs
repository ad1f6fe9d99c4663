use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::quantization::Affine;

pass! {
    /// Removes a `quantize` that undoes the `dequantize` before it.
    ///
    /// Scale, zero point, axis and integer type are the same, and no scale is so small or large that a number would come back as
    /// another integer. The `dequantize` stays for its other users; where its result is an output, both stay.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<int8, [2]> q = quantize(input = x, output_dtype = int8, scale = s)[name = string("q")];
    ///     tensor<fp32, [2]> d = dequantize(input = q, scale = s)[name = string("d")];
    ///     tensor<int8, [2]> r = quantize(input = d, output_dtype = int8, scale = s)[name = string("r")];
    ///     tensor<fp32, [2]> y = dequantize(input = r, scale = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 s = const()[name = string("s"), val = fp32(0x1p-1)];
    ///     string int8 = const()[name = string("int8"), val = string("int8")];
    ///     tensor<int8, [2]> q = quantize(input = x, output_dtype = int8, scale = s)[name = string("q")];
    ///     tensor<fp32, [2]> y = dequantize(input = q, scale = s)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DequantizeQuantizePairElimination;
    id: "dequantize_quantize_pair_elimination",
    numerics: Exact,
    aliases: [Alias::plain("common::dequantize_quantize_pair_elimination")],
    patterns: [
        /// `dequantize`, then `quantize`
        pair(quantize),
    ],
}

fn pair(rw: &mut Rewrite<'_>, quantize: OpId) -> Matched {
    let dequantize = rw.producer(quantize, "input", &["dequantize"])?;
    let is_output = rw.graph().is_block_output(rw.result(dequantize)?);
    No::unless(!is_output, "the dequantized value is an output")?;
    Affine::new(rw, dequantize)?.undoes(rw, dequantize, quantize)?;
    let integers = rw.input(dequantize, "input")?;
    rw.replace_with_existing(quantize, &[integers], &[dequantize])
}
