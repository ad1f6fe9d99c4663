use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes `leaky_relu` of a `prelu` whose slopes are all equal.
    ///
    /// The slopes must be constant and equal in every bit.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3]> x) {
    ///     tensor<fp32, [2]> a = const()[name = string("a"), val = tensor<fp32, [2]>([0x1p-2, 0x1p-2])];
    ///     tensor<fp32, [1, 2, 3]> y = prelu(alpha = a, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3]> x) {
    ///     fp32 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp32(0x1p-2)];
    ///     tensor<fp32, [1, 2, 3]> y = leaky_relu(alpha = y_alpha_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct PreluToLeakyRelu;
    id: "prelu_to_leaky_relu",
    numerics: Exact,
    aliases: [Alias::plain("common::prelu_to_lrelu")],
    patterns: [
        /// `prelu` with one slope for all channels
        equal(prelu),
    ],
}

fn equal(rw: &mut Rewrite<'_>, prelu: OpId) -> Matched {
    let slopes = rw.constant(prelu, "alpha")?;
    let slope = slopes.splat_value()?.ok_or(No::miss("the slopes differ"))?;
    let alpha = Tensor::from_f64s(slopes.dtype(), &[], &[slope])?;
    rw.replace(prelu, NewOp::new("leaky_relu").with("x", rw.input(prelu, "x")?).with("alpha", alpha), &[])
}
