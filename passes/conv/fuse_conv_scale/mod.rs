use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, Side, pass};

use crate::constants::{along_axis, fits};
use crate::conv::{CONVS, Conv};
use crate::scaled_weights::Stored;

pass! {
    /// Folds a multiplication or division by a constant into the convolution before it.
    ///
    /// The constant is a scalar or has one value per output channel, in the layout of the convolution's
    /// result. Products in either order and `conv / c` are folded; `c / conv` is another function and stays,
    /// as does a division by zero. Weight and bias must be constant, stay finite, and not fall below the
    /// normal numbers of their element type; the value between must have no other use. A compressed weight
    /// stays compressed: its scale or its look-up table takes the factors.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+1])];
    ///     tensor<fp32, [1, 1, 2, 2]> c = conv(weight = w, x = x)[name = string("c")];
    ///     fp32 half = const()[name = string("half"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [1, 1, 2, 2]> y = mul(x = c, y = half)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> y_weight = const()[name = string("y_weight"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+0])];
    ///     tensor<fp32, [1]> y_bias = const()[name = string("y_bias"), val = tensor<fp32, [1]>([0x0p+0])];
    ///     tensor<fp32, [1, 1, 2, 2]> y = conv(bias = y_bias, weight = y_weight, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseConvScale;
    id: "fuse_conv_scale",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_conv_scale")],
    patterns: [
        /// `conv` or `conv_transpose`, then `mul` or `real_div` by a constant
        conv_scale(mul | real_div),
        /// the same with a compressed weight
        ours compressed(mul | real_div),
    ],
}

fn conv_scale(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fold(rw, op, Stored::Plain)
}

fn compressed(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fold(rw, op, Stored::Compressed)
}

fn fold(rw: &mut Rewrite<'_>, op: OpId, stored: Stored) -> Matched {
    let (conv, side) = rw.side_from(op, CONVS)?;
    let divides = rw.is(op, &["real_div"]);
    No::unless(!divides || side == Side::X, "the convolution is the divisor")?;
    rw.used_only_by(conv, op)?;
    let conv = Conv::new(rw, conv)?;
    let constant = rw.constant(op, side.other().param())?;
    let mut scale = along_axis(rw, &constant, rw.result(conv.op)?, 1, conv.channels)?;
    if divides {
        No::unless(scale.iter().all(|&factor| factor != 0.0), "the constant divides by zero")?;
        scale.iter_mut().for_each(|factor| *factor = factor.recip());
    }
    No::unless(scale.iter().all(|factor| factor.is_finite()), "the scale is not finite")?;
    // No bias stays none: a negative scale does not make it -0.
    let product = |(&bias, scale): (&f64, &f64)| if bias == 0.0 { 0.0 } else { bias * scale };
    let bias: Vec<f64> = conv.bias().iter().zip(&scale).map(product).collect();
    No::unless(
        bias.iter().all(|&bias| fits(bias, conv.dtype)),
        "the new bias is not finite in its element type",
    )?;
    let weight = conv.scaled_weight(rw, &scale, stored)?;
    let gone: Vec<OpId> = weight.old().into_iter().chain([conv.op]).collect();
    let new = conv.rebuilt(rw, Some(weight), &bias, op)?;
    rw.replace(op, new, &gone)
}
