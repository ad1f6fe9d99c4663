use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::constants::reciprocals;

pass! {
    /// Makes a multiplication of a division by a constant.
    ///
    /// Floats only: integers are divided with truncation. Each reciprocal must be finite and must not fall
    /// below the normal numbers of its element type, where it would lose digits.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 c = const()[name = string("c"), val = fp32(4.0)];
    ///     tensor<fp32, [2]> y = real_div(x = x, y = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 y_y_0 = const()[name = string("y_y_0"), val = fp32(0.25)];
    ///     tensor<fp32, [2]> y = mul(x = x, y = y_y_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct DivideToMultiply;
    id: "divide_to_multiply",
    numerics: Rounding,
    aliases: [Alias::plain("common::divide_to_multiply")],
    patterns: [
        /// `real_div` by a constant
        quotient(real_div),
    ],
}

fn quotient(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let divisor = rw.constant(op, "y")?;
    No::unless(matches!(divisor.dtype(), DType::Fp16 | DType::Fp32), "the quotient is one of integers")?;
    let factor = reciprocals(&divisor)?;
    let mut new = rw.like(op)?.set("y", factor);
    new.kind = "mul".into();
    rw.replace(op, new, &[])
}
