use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};

use crate::activation::product_with;

pass! {
    /// Makes `silu` of a value times its `sigmoid`.
    ///
    /// The sigmoid must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> s = sigmoid(x = x)[name = string("s")];
    ///     tensor<fp32, [2]> y = mul(x = x, y = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = silu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseSilu;
    id: "fuse_silu",
    numerics: Rounding,
    aliases: [Alias::plain("mil_backend::fuse_activation_silu")],
    patterns: [
        /// `sigmoid` of `x`, then `mul` with `x`
        product(sigmoid),
    ],
}

fn product(rw: &mut Rewrite<'_>, sigmoid: OpId) -> Matched {
    let x = rw.input(sigmoid, "x")?;
    let product = product_with(rw, sigmoid)?;
    No::unless(
        rw.other_operand(product, rw.result(sigmoid)?)? == x,
        "the sigmoid is multiplied with another value",
    )?;
    Match::of(product, &[sigmoid]).replace(rw, NewOp::new("silu").with("x", x))
}
