use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::{along_axis, signs, to_dtype};

pass! {
    /// Makes `batch_norm` of a scale and a shift per channel.
    ///
    /// The value has rank 3 to 5 and more than one channel; the constants vary along the channels, its second
    /// axis, only. Mean 0, variance 1 and an epsilon of 0 leave the two as they are. `c - a * x` has the
    /// negative scale. The product must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 1]> x) {
    ///     tensor<fp32, [2, 1, 1]> g = const()[name = string("g"), val = tensor<fp32, [2, 1, 1]>([[[2.0]], [[4.0]]])];
    ///     tensor<fp32, [1, 2, 1, 1]> m = mul(x = x, y = g)[name = string("m")];
    ///     tensor<fp32, [2, 1, 1]> b = const()[name = string("b"), val = tensor<fp32, [2, 1, 1]>([[[1.0]], [[0.5]]])];
    ///     tensor<fp32, [1, 2, 1, 1]> y = add(x = m, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 1]> x) {
    ///     tensor<fp32, [2]> y_mean_0 = const()[name = string("y_mean_0"), val = tensor<fp32, [2]>([0.0, 0.0])];
    ///     tensor<fp32, [2]> y_variance_0 = const()[name = string("y_variance_0"), val = tensor<fp32, [2]>([1.0, 1.0])];
    ///     tensor<fp32, [2]> y_gamma_0 = const()[name = string("y_gamma_0"), val = tensor<fp32, [2]>([2.0, 4.0])];
    ///     tensor<fp32, [2]> y_beta_0 = const()[name = string("y_beta_0"), val = tensor<fp32, [2]>([1.0, 0.5])];
    ///     fp32 y_epsilon_0 = const()[name = string("y_epsilon_0"), val = fp32(0.0)];
    ///     tensor<fp32, [1, 2, 1, 1]> y = batch_norm(beta = y_beta_0, epsilon = y_epsilon_0, gamma = y_gamma_0, mean = y_mean_0, variance = y_variance_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseElementwiseToBatchnorm;
    id: "fuse_elementwise_to_batchnorm",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_elementwise_to_batchnorm")],
    patterns: [
        /// `mul` by a constant, then `add` or `sub` with a constant
        scale_and_shift(add | sub),
    ],
}

fn scale_and_shift(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (product, side) = rw.side_from(end, &["mul"])?;
    rw.used_only_by(product, end)?;
    let (scale, x, _) = rw.with_constant(product)?;
    let shift = rw.constant(end, side.other().param())?;
    No::unless(matches!(rw.rank(x)?, 3..=5), "batch_norm takes rank 3 to 5")?;
    let channels = rw.size(x, 1)?;
    No::unless(scale.len() > 1 && shift.len() > 1, "a constant is one number")?;
    let (of_product, of_shift) = signs(rw, end, side);
    let signed = |values: Vec<f64>, sign: f64| values.iter().map(|value| sign * value).collect::<Vec<f64>>();
    let gamma = signed(along_axis(rw, &scale, x, 1, channels)?, of_product);
    let beta = signed(along_axis(rw, &shift, x, 1, channels)?, of_shift);
    let dtype = scale.dtype();
    let epsilon = to_dtype(&[0.0], dtype)?.reshaped(&[])?;
    let new = NewOp::new("batch_norm")
        .with("x", x)
        .with("mean", to_dtype(&vec![0.0; channels], dtype)?)
        .with("variance", to_dtype(&vec![1.0; channels], dtype)?)
        .with("gamma", to_dtype(&gamma, dtype)?)
        .with("beta", to_dtype(&beta, dtype)?)
        .with("epsilon", epsilon);
    rw.replace(end, new, &[product])
}
