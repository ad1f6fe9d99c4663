use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::activation::half_of_product;

pass! {
    /// Recognises the exact GELU in its elementary ops.
    ///
    /// `0.5 * x * (1 + erf(x / sqrt(2)))`, with the two products in any order: `0.5` may be multiplied with
    /// `x`, with the sum, or last. The constants must be right to the precision of their element type, and no
    /// value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 r = const()[name = string("r"), val = fp32(0x1.6a09e6p-1)];
    ///     tensor<fp32, [2]> a = mul(x = x, y = r)[name = string("a")];
    ///     tensor<fp32, [2]> b = erf(x = a)[name = string("b")];
    ///     fp32 one = const()[name = string("one"), val = fp32(0x1p+0)];
    ///     tensor<fp32, [2]> c = add(x = b, y = one)[name = string("c")];
    ///     fp32 half = const()[name = string("half"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [2]> d = mul(x = c, y = half)[name = string("d")];
    ///     tensor<fp32, [2]> y = mul(x = x, y = d)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string y_mode_0 = const()[name = string("y_mode_0"), val = string("EXACT")];
    ///     tensor<fp32, [2]> y = gelu(mode = y_mode_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseGeluExact;
    id: "fuse_gelu_exact",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_gelu_exact")],
    patterns: [
        /// half of `x` times one plus `erf` of `x` over the square root of 2
        gelu(erf),
    ],
}

fn gelu(rw: &mut Rewrite<'_>, erf: OpId) -> Matched {
    rw.has_op("gelu")?;
    let scaled = rw.producer(erf, "x", &["real_div", "mul"])?;
    let root = if rw.is(scaled, &["real_div"]) { SQRT_2 } else { FRAC_1_SQRT_2 };
    let x = rw.beside(scaled, root)?;
    let sum = rw.only_user(erf)?;
    No::unless(rw.is(sum, &["add"]), "erf is not followed by add")?;
    rw.beside(sum, 1.0)?;

    let m = half_of_product(rw, x, sum, Match::of(erf, &[scaled]))?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("gelu").with("x", x).with("mode", Tensor::string("EXACT")))
}
