use mil_ir::{Graph, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};

use crate::constants::fits;
use crate::conv::{CONVS, Conv, along_axis, keeps_type, operands};

pass! {
    /// Folds a multiplication or division by a constant into the convolution before it.
    ///
    /// The constant is a scalar or has one value per output channel, in the layout of the convolution's result. Products in
    /// either order and `conv / c` are folded (a channel that is divided by zero is not finite before and after); `c / conv` is another function and stays. Weight and bias must be constant and
    /// stay finite; the value between must have no other use.
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
    patterns: [conv_scale: "`conv` or `conv_transpose`, then `mul` or `real_div` by a constant"],
}

const PATTERNS: &[Pattern<FuseConvScale>] =
    &[Pattern { name: "conv_scale", anchors: &["mul", "real_div"], apply: conv_scale }];

impl Pass for FuseConvScale {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn conv_scale(_: &FuseConvScale, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (conv, constant, conv_is_x) = operands(rw, op, CONVS)?;
    let divides = rw.is(op, &["real_div"]);
    if divides && !conv_is_x {
        return Err(Miss::new("the convolution is the divisor"));
    }
    rw.used_only_by(conv, op)?;
    let value = rw.result(conv)?;
    keeps_type(rw, op, value)?;
    let rank = rw.ty(value).rank().ok_or(Miss::new("the rank is not known"))?;
    let conv = Conv::new(rw, conv)?;
    let mut scale = along_axis(&constant, rank, 1, conv.channels)?;
    if divides {
        scale.iter_mut().for_each(|factor| *factor = factor.recip());
    }
    if !scale.iter().all(|factor| factor.is_finite()) {
        // An infinite weight makes NaN of what a division makes infinite.
        return Err(Miss::new("a factor is not finite"));
    }
    // No bias stays none, whatever the scale.
    let scaled = |(bias, scale): (&f64, &f64)| if *bias == 0.0 { 0.0 } else { bias * scale };
    let bias: Vec<f64> = conv.bias().iter().zip(&scale).map(scaled).collect();
    let overflows = |(bias, scale): (&f64, &f64)| scale.is_finite() && !fits(*bias, conv.dtype);
    if bias.iter().zip(&scale).any(overflows) {
        return Err(Miss::new("the new bias is not finite in its element type"));
    }
    let weight = conv.scaled_weight(rw, &scale)?;
    let new = conv.rebuilt(rw, Some(weight), &bias, op)?;
    rw.replace_op(op, new, &[conv.op])
}
