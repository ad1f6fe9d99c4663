use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::{along_axis, scaled, signs, to_dtype};
use crate::scaled_weights::{Scaled, Stored, decompressed_by, scaled_compressed};

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
        /// the same with a compressed weight
        ours compressed(add | sub),
    ],
}

fn linear_bias(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fold(rw, op, Stored::Plain)
}

fn compressed(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    fold(rw, op, Stored::Compressed)
}

fn fold(rw: &mut Rewrite<'_>, op: OpId, stored: Stored) -> Matched {
    let (linear, side) = rw.side_from(op, &["linear"])?;
    rw.used_only_by(linear, op)?;
    let value = rw.result(linear)?;
    let constant = rw.constant(op, side.other().param())?;
    match stored {
        Stored::Plain => drop(rw.constant(linear, "weight")?),
        Stored::Compressed => drop(decompressed_by(rw, linear)?),
    }
    let call = rw.call(linear)?;
    let dtype = call.dtype("weight")?;
    No::unless(rw.dtype(value)? == dtype, "weight and result have different element types")?;
    let last = rw.rank(value)?.checked_sub(1).ok_or(No::miss("the result is a scalar"))?;
    let features = call.dims("weight")?.and_then(|dims| usize::try_from(dims.first()?.fixed()?).ok());
    let features = features.ok_or(No::miss("the number of output features is not known"))?;
    let shift = along_axis(rw, &constant, value, last, features)?;
    let old = match rw.optional_constant(linear, "bias")? {
        Some(bias) => bias.to_f64s()?,
        None => vec![0.0; features],
    };
    No::unless(old.len() == features, "the bias does not have one element per output feature")?;
    let (old_sign, new_sign) = signs(rw, op, side);
    let bias: Vec<f64> = old.iter().zip(&shift).map(|(old, new)| old_sign * old + new_sign * new).collect();
    let (bias, label) = (to_dtype(&bias, dtype)?, rw.graph().label(op).to_string());
    let mut gone = vec![linear];
    let mut new = rw.like(linear)?;
    if old_sign < 0.0 {
        let signs = vec![-1.0; features];
        let negated = match stored {
            Stored::Plain => Scaled::Plain(scaled(&rw.constant(linear, "weight")?, 0, &signs)?),
            Stored::Compressed => scaled_compressed(rw, linear, 0, &signs)?,
        };
        gone.extend(negated.old());
        new = new.set("weight", negated.emit(rw, op)?);
    }
    new = new.set("bias", rw.tensor(&format!("{label}_bias"), bias, op));
    rw.replace(op, new, &gone)
}
