use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes a `concat` of a `stack` and a `reshape` that merges the new axis with a neighbour.
    ///
    /// Merged with the axis behind it, the tensors follow one another; merged with the one before it, they
    /// are interleaved. All sizes must be static, and the value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> a, tensor<fp32, [2, 3]> b) {
    ///     int32 axis = const()[name = string("axis"), val = int32(1)];
    ///     tensor<int32, [2]> shape = const()[name = string("shape"), val = tensor<int32, [2]>([4, 3])];
    ///     tensor<fp32, [2, 2, 3]> s = stack(axis = axis, values = (a, b))[name = string("s")];
    ///     tensor<fp32, [4, 3]> y = reshape(shape = shape, x = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> a, tensor<fp32, [2, 3]> b) {
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(0)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(true)];
    ///     tensor<fp32, [4, 3]> y = concat(axis = y_axis_0, interleave = y_interleave_0, values = (a, b))[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ReplaceStackReshape;
    id: "replace_stack_reshape",
    numerics: Exact,
    aliases: [Alias::plain("common::replace_stack_reshape")],
    patterns: [
        /// `stack`, then `reshape`
        merged(reshape),
    ],
}

fn merged(rw: &mut Rewrite<'_>, reshape: OpId) -> Matched {
    let stack = rw.producer(reshape, "x", &["stack"])?;
    rw.used_only_by(stack, reshape)?;
    let (stacked, result) = (rw.shape(rw.result(stack)?)?, rw.shape(rw.result(reshape)?)?);
    let new_axis = rw.call(stack)?.axis("axis", stacked.len())?;
    let (axis, interleave) = if merges(&stacked, &result, new_axis) {
        (new_axis, false)
    } else {
        let before = new_axis.checked_sub(1).filter(|&axis| merges(&stacked, &result, axis));
        (before.ok_or(No::miss("the new axis is not merged with a neighbour"))?, true)
    };
    let new = NewOp::new("concat").with_all("values", rw.call(stack)?.operands("values").iter().cloned());
    let new = new.with("axis", Tensor::scalar(axis as i32)).with("interleave", Tensor::bool(interleave));
    rw.replace(reshape, new, &[stack])
}

/// A shape is another with this axis and the next one made one.
fn merges(shape: &[usize], result: &[usize], axis: usize) -> bool {
    let (before, rest) = shape.split_at(axis);
    let &[first, second, ref behind @ ..] = rest else { return false };
    [before, &[first.saturating_mul(second)], behind].concat() == result
}
