use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::fits;
use crate::conv::{CONVS, Conv};
use crate::scaled_weights::Stored;

pass! {
    /// Folds a `batch_norm` into the convolution before it.
    ///
    /// With `s = gamma / sqrt(variance + epsilon)` per channel, the weight becomes `w * s` and the bias `(b -
    /// mean) * s + beta`, computed in f64 and rounded once. Takes `conv` and `conv_transpose` of one to three
    /// spatial axes with any groups. The weight and all parameters must be constant, and what they become
    /// finite; the value between must have no other use. A compressed weight stays compressed: its scale or
    /// its look-up table takes `s`.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> w = const()[name = string("w"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+1])];
    ///     tensor<fp32, [1, 1, 2, 2]> c = conv(weight = w, x = x)[name = string("c")];
    ///     tensor<fp32, [1]> m = const()[name = string("m"), val = tensor<fp32, [1]>([0x1p+0])];
    ///     tensor<fp32, [1]> v = const()[name = string("v"), val = tensor<fp32, [1]>([0x1p+2])];
    ///     fp32 e = const()[name = string("e"), val = fp32(0x0p+0)];
    ///     tensor<fp32, [1, 1, 2, 2]> y = batch_norm(epsilon = e, mean = m, variance = v, x = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> x) {
    ///     tensor<fp32, [1, 1, 1, 1]> y_weight = const()[name = string("y_weight"), val = tensor<fp32, [1, 1, 1, 1]>([0x1.8p+0])];
    ///     tensor<fp32, [1]> y_bias = const()[name = string("y_bias"), val = tensor<fp32, [1]>([-0x1p-1])];
    ///     tensor<fp32, [1, 1, 2, 2]> y = conv(bias = y_bias, weight = y_weight, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseConvBn;
    id: "fuse_conv_bn",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_conv_batchnorm")],
    patterns: [
        /// `conv` or `conv_transpose`, then `batch_norm`
        conv_bn(batch_norm),
        /// the same with a compressed weight
        ours compressed(batch_norm),
    ],
}

fn conv_bn(rw: &mut Rewrite<'_>, bn: OpId) -> Matched {
    fold(rw, bn, Stored::Plain)
}

fn compressed(rw: &mut Rewrite<'_>, bn: OpId) -> Matched {
    fold(rw, bn, Stored::Compressed)
}

fn fold(rw: &mut Rewrite<'_>, bn: OpId, stored: Stored) -> Matched {
    let conv = rw.producer(bn, "x", CONVS)?;
    rw.used_only_by(conv, bn)?;
    let conv = Conv::new(rw, conv)?;
    let vector = |param: &str, default: f64| -> Result<Vec<f64>, No> {
        let Some(given) = rw.optional_constant(bn, param)? else { return Ok(vec![default; conv.channels]) };
        No::unless(given.len() == conv.channels, "a parameter has not one value per channel")?;
        Ok(given.to_f64s()?)
    };
    let (gamma, beta) = (vector("gamma", 1.0)?, vector("beta", 0.0)?);
    let (mean, variance) = (vector("mean", 0.0)?, vector("variance", 1.0)?);
    let epsilon = rw.call(bn)?.float("epsilon")?;

    let scale: Vec<f64> =
        gamma.iter().zip(&variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt()).collect();
    let bias: Vec<f64> =
        conv.bias().iter().enumerate().map(|(i, bias)| (bias - mean[i]) * scale[i] + beta[i]).collect();
    let finite =
        scale.iter().all(|scale| scale.is_finite()) && bias.iter().all(|&bias| fits(bias, conv.dtype));
    No::unless(finite, "the new constants are not finite in their element type")?;
    let weight = conv.scaled_weight(rw, &scale, stored)?;
    let gone: Vec<OpId> = weight.old().into_iter().chain([conv.op]).collect();
    let new = conv.rebuilt(rw, Some(weight), &bias, bn)?;
    rw.replace(bn, new, &gone)
}
