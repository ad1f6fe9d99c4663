use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::{along_axis, scaled, signs, to_dtype};

pass! {
    /// Folds an addition or subtraction of a constant into the bias of the `linear` before it.
    ///
    /// The constant varies along the last axis only, and does not widen the result. `c - linear` negates
    /// weight and bias. Weight and bias must be constant; the value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 2]>([[0x1p+0, 0x1p+1]])];
    ///     tensor<fp32, [1]> b = const()[name = string("b"), val = tensor<fp32, [1]>([0x1p+0])];
    ///     tensor<fp32, [1, 1]> l = linear(bias = b, weight = w, x = x)[name = string("l")];
    ///     tensor<fp32, [1]> c = const()[name = string("c"), val = tensor<fp32, [1]>([0x1p+1])];
    ///     tensor<fp32, [1, 1]> y = add(x = l, y = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [1, 2]> w = const()[name = string("w"), val = tensor<fp32, [1, 2]>([[0x1p+0, 0x1p+1]])];
    ///     tensor<fp32, [1]> y_bias = const()[name = string("y_bias"), val = tensor<fp32, [1]>([0x1.8p+1])];
    ///     tensor<fp32, [1, 1]> y = linear(bias = y_bias, weight = w, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseLinearBias;
    id: "fuse_linear_bias",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_linear_bias")],
    patterns: [
        /// `linear`, then `add` or `sub` with a constant
        linear_bias(add | sub),
    ],
}

fn linear_bias(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (linear, side) = rw.side_from(op, &["linear"])?;
    rw.used_only_by(linear, op)?;
    let value = rw.result(linear)?;
    let constant = rw.constant(op, side.other().param())?;
    let weight = rw.constant(linear, "weight")?;
    let dtype = weight.dtype();
    No::unless(rw.dtype(value)? == dtype, "weight and result have different element types")?;
    let last = rw.rank(value)?.checked_sub(1).ok_or(No::miss("the result is a scalar"))?;
    let features = *weight.shape().first().ok_or(No::miss("the weight is a scalar"))?;
    let shift = along_axis(rw, &constant, value, last, features)?;
    let old = match rw.optional_constant(linear, "bias")? {
        Some(bias) => bias.to_f64s()?,
        None => vec![0.0; features],
    };
    No::unless(old.len() == features, "the bias does not have one element per output feature")?;
    let (old_sign, new_sign) = signs(rw, op, side);
    let bias: Vec<f64> = old.iter().zip(&shift).map(|(old, new)| old_sign * old + new_sign * new).collect();
    let (bias, label) = (to_dtype(&bias, dtype)?, rw.graph().label(op).to_string());
    let mut new = rw.like(linear)?;
    if old_sign < 0.0 {
        let negated = scaled(&weight, &vec![-1.0; features])?;
        new = new.set("weight", rw.tensor(&format!("{label}_weight"), negated, op));
    }
    new = new.set("bias", rw.tensor(&format!("{label}_bias"), bias, op));
    rw.replace(op, new, &[linear])
}
