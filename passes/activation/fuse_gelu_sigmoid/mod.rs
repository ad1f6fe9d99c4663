use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::activation::product_with;

pass! {
    /// Recognises the `sigmoid` approximation of GELU in its elementary ops.
    ///
    /// `x * sigmoid(1.702 * x)`. The constant must be right to the precision of its element type, and no
    /// value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 k = const()[name = string("k"), val = fp32(1.702)];
    ///     tensor<fp32, [2]> a = mul(x = x, y = k)[name = string("a")];
    ///     tensor<fp32, [2]> s = sigmoid(x = a)[name = string("s")];
    ///     tensor<fp32, [2]> y = mul(x = x, y = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string y_mode_0 = const()[name = string("y_mode_0"), val = string("SIGMOID_APPROXIMATION")];
    ///     tensor<fp32, [2]> y = gelu(mode = y_mode_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseGeluSigmoid;
    id: "fuse_gelu_sigmoid",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_gelu_sigmoid_approximation")],
    patterns: [
        /// `x` times `sigmoid` of 1.702 times `x`
        gelu(sigmoid),
    ],
}

fn gelu(rw: &mut Rewrite<'_>, sigmoid: OpId) -> Matched {
    rw.has_op("gelu")?;
    let scaled = rw.producer(sigmoid, "x", &["mul"])?;
    let x = rw.beside(scaled, 1.702)?;
    let product = product_with(rw, sigmoid)?;
    No::unless(
        rw.other_operand(product, rw.result(sigmoid)?)? == x,
        "the sigmoid is multiplied with another value",
    )?;
    let m = Match::of(product, &[sigmoid, scaled]);
    m.closed(rw)?;
    m.replace(rw, NewOp::new("gelu").with("x", x).with("mode", Tensor::string("SIGMOID_APPROXIMATION")))
}
