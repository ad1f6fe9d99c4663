use std::f64::consts::LN_2;

use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Computes a power of 2 by `exp`.
    ///
    /// Core ML computes `pow` of a constant 2 and `y` as the square of `y`. `exp(y * ln 2)` is what was
    /// meant; with large exponents it loses a few digits to the rounding of the product.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 two = const()[name = string("two"), val = fp32(2.0)];
    ///     tensor<fp32, [2]> y = pow(x = two, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 y_y_0 = const()[name = string("y_y_0"), val = fp32(0x1.62e43p-1)];
    ///     tensor<fp32, [2]> y_exponent = mul(x = x, y = y_y_0)[name = string("y_exponent")];
    ///     tensor<fp32, [2]> y = exp(x = y_exponent)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DecomposeConstBase2Pow;
    id: "decompose_const_base2_pow",
    numerics: Lossy { min_snr_db: 40.0 },
    aliases: [Alias::plain("mil_backend::decompose_const_base2_pow")],
    patterns: [
        /// `pow` of a constant 2
        power(pow),
    ],
}

fn power(rw: &mut Rewrite<'_>, pow: OpId) -> Matched {
    let base = rw.constant(pow, "x")?;
    let exponent = rw.input(pow, "y")?;
    No::unless(base.dtype().is_float(), "the power is one of integers")?;
    No::unless(base.splat_value()? == Some(2.0), "the base is not 2")?;
    rw.does_not_widen(&base, exponent)?;
    let factor = Tensor::from_f64s(base.dtype(), &[], &[LN_2])?;
    let label = rw.graph().label(pow).to_string();
    let product = NewOp::new("mul").with("x", exponent).with("y", factor).named(format!("{label}_exponent"));
    let product = rw.emit_one(product, pow)?;
    rw.replace(pow, NewOp::new("exp").with("x", product), &[])
}
