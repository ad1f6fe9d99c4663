use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, Side, pass};

use crate::constants::{along_axis, fits, signs};
use crate::conv::{CONVS, Conv};

pass! {
    /// Folds an addition or subtraction of a constant into the bias of the convolution before it.
    ///
    /// The constant is a scalar or has one value per output channel, in the layout of the convolution's
    /// result; a `transpose` may stand between. `c - conv` negates the weight, which must then be constant.
    /// The values between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+1])];
    ///     tensor<fp32, [1, 1, 2, 2]> c = conv(weight = w, x = x)[name = string("c")];
    ///     fp32 half = const()[name = string("half"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [1, 1, 2, 2]> y = add(x = c, y = half)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+1])];
    ///     tensor<fp32, [1]> y_bias = const()[name = string("y_bias"), val = tensor<fp32, [1]>([0x1p-1])];
    ///     tensor<fp32, [1, 1, 2, 2]> y = conv(bias = y_bias, weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseConvBias;
    id: "fuse_conv_bias",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_conv_bias")],
    patterns: [
        /// `conv` or `conv_transpose`, then `add` or `sub` of a constant
        conv_bias(add | sub),
        /// the same with a `transpose` between
        transposed(add | sub),
        /// a constant minus the result of a `conv` or `conv_transpose`
        ours negated(sub),
    ],
}

/// The convolution with `sign * shift` added to its bias; `c - conv` negates weight and old bias.
fn with_bias(
    rw: &mut Rewrite<'_>,
    op: OpId,
    conv: &Conv,
    shift: &[f64],
    conv_side: Side,
) -> Result<NewOp, No> {
    let (old, new) = signs(rw, op, conv_side);
    let bias: Vec<f64> =
        conv.bias().iter().zip(shift).map(|(bias, shift)| old * bias + new * shift).collect();
    let finite = bias.iter().all(|&bias| fits(bias, conv.dtype));
    No::unless(finite, "the new bias is not finite in its element type")?;
    let weight = match old < 0.0 {
        true => Some(conv.scaled_weight(rw, &vec![-1.0; conv.channels], conv.stored(rw))?),
        false => None,
    };
    conv.rebuilt(rw, weight, &bias, op)
}

/// The convolution that an op takes directly, on this side.
fn direct(rw: &mut Rewrite<'_>, op: OpId, conv: OpId, side: Side) -> Matched {
    rw.used_only_by(conv, op)?;
    let conv = Conv::new(rw, conv)?;
    let constant = rw.constant(op, side.other().param())?;
    let shift = along_axis(rw, &constant, rw.result(conv.op)?, 1, conv.channels)?;
    let new = with_bias(rw, op, &conv, &shift, side)?;
    rw.replace(op, new, &[conv.op])
}

fn conv_bias(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (conv, side) = rw.side_from(op, CONVS)?;
    No::unless(rw.commutes(op) || side == Side::X, "the convolution is subtracted")?;
    direct(rw, op, conv, side)
}

fn negated(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (conv, side) = rw.side_from(op, CONVS)?;
    No::unless(side == Side::Y, "the constant is subtracted")?;
    direct(rw, op, conv, side)
}

fn transposed(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (transpose, side) = rw.side_from(op, &["transpose"])?;
    rw.used_only_by(transpose, op)?;
    let conv = rw.producer(transpose, "x", CONVS)?;
    rw.used_only_by(conv, transpose)?;
    let order = rw.call(transpose)?.order("perm")?;
    let channels = order.iter().position(|&axis| axis == 1).ok_or(No::miss("the value has no channels"))?;
    let conv = Conv::new(rw, conv)?;
    let constant = rw.constant(op, side.other().param())?;
    let shift = along_axis(rw, &constant, rw.result(transpose)?, channels, conv.channels)?;
    let new = with_bias(rw, op, &conv, &shift, side)?.named(rw.graph().label(conv.op).clone());
    let moved = rw.emit_one(new, op)?;
    let new = rw.like(transpose)?.set("x", moved);
    rw.replace(op, new, &[transpose, conv.op])
}
