use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::quantization::Affine;

pass! {
    /// Removes a `quantize` that undoes the `dequantize` before it.
    ///
    /// Scale, zero point, axis and integer type are the same, and no scale is so small or large that a number
    /// would come back as another integer. The `dequantize` stays for its other users; where its result is an
    /// output, both stay.
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
        pair(dequantize),
    ],
}

fn pair(rw: &mut Rewrite<'_>, dequantize: OpId) -> Matched {
    let (integers, numbers) = (rw.input(dequantize, "input")?, rw.result(dequantize)?);
    let block = rw.graph().op(dequantize).block();
    let affine = Affine::new(rw, dequantize)?;
    // All users at once: there may be many.
    let mut undone = Vec::new();
    let mut reason = No::miss("no quantize takes the result");
    for user in rw.graph().users(numbers) {
        No::unless(!rw.graph().op(user).is_return(), "the dequantized value is an output")?;
        if !rw.is(user, &["quantize"]) || rw.graph().op(user).block() != block {
            continue;
        }
        match rw.known(user).and_then(|()| affine.undoes(rw, dequantize, user)) {
            Ok(()) => undone.push(user),
            Err(No::Miss(why)) => reason = No::Miss(why),
            Err(fault) => return Err(fault),
        }
    }
    if undone.is_empty() {
        return Err(reason);
    }
    for quantize in undone {
        rw.replace_with_existing(quantize, &[integers], &[])?;
    }
    rw.erase_unused(&[dequantize]);
    Ok(())
}
