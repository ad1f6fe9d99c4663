use mil_ir::{Graph, NewOp, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::fits;
use crate::conv::{CONVS, Conv, along_axis, keeps_type, operands};

pass! {
    /// Folds an addition or subtraction of a constant into the bias of the convolution before it.
    ///
    /// The constant is a scalar or has one value per output channel, in the layout of the convolution's result; a `transpose` may
    /// stand between. `c - conv` negates the weight, which must then be constant. The values between must have no other use.
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
        conv_bias: "`conv` or `conv_transpose`, then `add` or `sub` of a constant",
        transposed: "the same with a `transpose` between",
        ours negated: "a constant minus the result of a `conv` or `conv_transpose`",
    ],
}

const PATTERNS: &[Pattern<FuseConvBias>] = &[
    Pattern { name: "conv_bias", anchors: &["add", "sub"], apply: conv_bias },
    Pattern { name: "transposed", anchors: &["add", "sub"], apply: transposed },
    Pattern { name: "negated", anchors: &["sub"], apply: negated },
];

impl Pass for FuseConvBias {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

/// The convolution with `sign * constant` added to its bias; `c - conv` negates weight and old bias.
fn with_bias(
    rw: &mut Rewrite<'_>,
    op: OpId,
    conv: &Conv,
    shift: &[f64],
    conv_is_x: bool,
) -> Result<NewOp, Miss> {
    let subtracts = rw.is(op, &["sub"]);
    let (old, new) = match (subtracts, conv_is_x) {
        (false, _) => (1.0, 1.0),
        (true, true) => (1.0, -1.0),
        (true, false) => (-1.0, 1.0),
    };
    let bias: Vec<f64> =
        conv.bias().iter().zip(shift).map(|(bias, shift)| old * bias + new * shift).collect();
    if !bias.iter().all(|&bias| fits(bias, conv.dtype)) {
        return Err(Miss::new("the new bias is not finite in its element type"));
    }
    let weight = if old < 0.0 { Some(conv.scaled_weight(rw, &vec![-1.0; conv.channels])?) } else { None };
    conv.rebuilt(rw, weight, &bias, op)
}

/// A convolution that an op takes directly, with its rank, and the constant of the op.
fn direct(rw: &Rewrite<'_>, op: OpId) -> Result<(Conv, usize, Tensor, bool), Miss> {
    let (conv, constant, conv_is_x) = operands(rw, op, CONVS)?;
    rw.used_only_by(conv, op)?;
    let value = rw.result(conv)?;
    keeps_type(rw, op, value)?;
    let rank = rw.ty(value).rank().ok_or(Miss::new("the rank is not known"))?;
    Ok((Conv::new(rw, conv)?, rank, constant, conv_is_x))
}

fn conv_bias(_: &FuseConvBias, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (conv, rank, constant, conv_is_x) = direct(rw, op)?;
    if rw.is(op, &["sub"]) && !conv_is_x {
        return Err(Miss::new("the convolution is subtracted"));
    }
    let shift = along_axis(&constant, rank, 1, conv.channels)?;
    let new = with_bias(rw, op, &conv, &shift, conv_is_x)?;
    rw.replace_op(op, new, &[conv.op])
}

fn negated(_: &FuseConvBias, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (conv, rank, constant, conv_is_x) = direct(rw, op)?;
    if conv_is_x {
        return Err(Miss::new("the constant is subtracted"));
    }
    let shift = along_axis(&constant, rank, 1, conv.channels)?;
    let new = with_bias(rw, op, &conv, &shift, false)?;
    rw.replace_op(op, new, &[conv.op])
}

fn transposed(_: &FuseConvBias, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (transpose, constant, conv_is_x) = operands(rw, op, &["transpose"])?;
    rw.used_only_by(transpose, op)?;
    let value = rw.result(transpose)?;
    keeps_type(rw, op, value)?;
    let conv = rw.producer(transpose, "x", CONVS)?;
    rw.used_only_by(conv, transpose)?;
    let perm = rw.constant(transpose, "perm")?.to_i64s()?;
    let rank = perm.len();
    let axis = perm.iter().position(|&axis| axis.rem_euclid(rank as i64) == 1);
    let axis = axis.ok_or(Miss::new("the permutation has no channels"))?;
    let conv = Conv::new(rw, conv)?;
    let shift = along_axis(&constant, rank, axis, conv.channels)?;
    let new = with_bias(rw, op, &conv, &shift, conv_is_x)?.named(rw.graph().label(conv.op).clone());
    let moved = rw.emit_one(new, op)?;
    let perm =
        rw.graph().operand(transpose, "perm").cloned().ok_or(Miss::new("the permutation is missing"))?;
    rw.replace_op(op, NewOp::new("transpose").with("x", moved).with("perm", perm), &[transpose, conv.op])
}
