use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::ane::{Steps, whole};

pass! {
    /// Computes a `linear` whose outputs are more than an axis of the Neural Engine may be long in parts.
    ///
    /// The last layer of a language model has an output for each word. Its parts have one size, but for the last,
    /// and are joined by `concat`: that is all that is left for another device, instead of the whole product.
    ///
    /// # Before
    /// ```mil
    /// // options: {limit=2}
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [3, 2]> w = const()[name = string("w"), val = tensor<fp32, [3, 2]>([[0x1p+0, 0x1p+1], [0x1p-1, 0x1p+0], [0x1p+1, 0x1p-2]])];
    ///     tensor<fp32, [1, 3]> y = linear(weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [2, 2]> y_weight_0 = const()[name = string("y_weight_0"), val = tensor<fp32, [2, 2]>([[0x1p+0, 0x1p+1], [0x1p-1, 0x1p+0]])];
    ///     tensor<fp32, [1, 2]> y_part = linear(weight = y_weight_0, x = x)[name = string("y_part")];
    ///     tensor<fp32, [1, 2]> y_weight_1 = const()[name = string("y_weight_1"), val = tensor<fp32, [1, 2]>([[0x1p+1, 0x1p-2]])];
    ///     tensor<fp32, [1, 1]> y_part_0 = linear(weight = y_weight_1, x = x)[name = string("y_part")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(1)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp32, [1, 3]> y = concat(axis = y_axis_0, interleave = y_interleave_0, values = (y_part, y_part_0))[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct SplitWideLinears {
        /// The longest axis that may stay.
        pub limit: usize = 16384,
    }
    id: "split_wide_linears",
    numerics: Rounding,
    patterns: [
        /// `linear` with more outputs
        linear(linear) with options,
    ],
}

fn linear(pass: &SplitWideLinears, rw: &mut Rewrite<'_>, linear: OpId) -> Matched {
    let limit = pass.limit.max(1);
    let weight = rw.constant(linear, "weight")?;
    let shape = weight.shape().to_vec();
    let outputs = shape.first().copied().unwrap_or(0);
    No::unless(outputs > limit, "there are no more outputs than limit")?;
    let bias = rw.optional_constant(linear, "bias")?;
    let axis = rw.rank(rw.result(linear)?)? - 1;
    let like = rw.like(linear)?;
    let part = outputs.div_ceil(outputs.div_ceil(limit));
    let mut steps = Steps::new(rw, linear);
    let mut parts: Vec<Operand> = Vec::new();
    for first in (0..outputs).step_by(part) {
        let last = (first + part).min(outputs);
        let (mut begin, mut end) = (vec![0; shape.len()], shape.clone());
        (begin[0], end[0]) = (first, last);
        let mut new = like.clone().set("weight", weight.sliced(&begin, &end, &vec![1; shape.len()])?);
        if let Some(bias) = &bias {
            new = new.set("bias", bias.sliced(&[first], &[last], &[1])?);
        }
        parts.push(steps.emit("part", new)?.into());
    }
    let joined = NewOp::new("concat").with_all("values", parts).with("axis", whole(axis));
    rw.replace(linear, joined.with("interleave", Tensor::bool(false)), &[])
}
