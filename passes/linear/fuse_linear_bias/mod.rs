use mil_ir::{Graph, NewOp, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::to_dtype;

pass! {
    /// Folds an addition or subtraction of a constant into the bias of the `linear` before it.
    ///
    /// The constant varies along the last axis only, and does not widen the result. `c - linear` negates weight and bias.
    /// Weight and bias must be constant; the value between must have no other use.
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
    patterns: [linear_bias: "`linear`, then `add` or `sub` with a constant"],
}

const PATTERNS: &[Pattern<FuseLinearBias>] =
    &[Pattern { name: "linear_bias", anchors: &["add", "sub"], apply: linear_bias }];

impl Pass for FuseLinearBias {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn linear_bias(_: &FuseLinearBias, rw: &mut Rewrite<'_>, op: OpId) -> Result<(), Miss> {
    let (linear, constant, linear_is_x) = match rw.producer(op, "x", &["linear"]) {
        Ok(linear) => (linear, rw.constant(op, "y")?, true),
        Err(_) => (rw.producer(op, "y", &["linear"])?, rw.constant(op, "x")?, false),
    };
    rw.used_only_by(linear, op)?;
    let value = rw.result(linear)?;
    if rw.ty(value) != rw.ty(rw.result(op)?) {
        return Err(Miss::new("the constant widens the result"));
    }
    let weight = rw.constant(linear, "weight")?;
    let dtype = weight.dtype();
    if rw.ty(value).dtype() != Some(dtype) {
        return Err(Miss::new("weight and result have different element types"));
    }
    let features = weight.shape()[0];
    let rank = rw.ty(value).rank().ok_or(Miss::new("the rank is not known"))?;
    let outer: usize = constant.shape().iter().rev().skip(1).product();
    if constant.rank() > rank || outer != 1 {
        return Err(Miss::new("the constant varies along an axis other than the last"));
    }
    let mut shift = constant.to_f64s()?;
    if shift.len() == 1 {
        shift = vec![shift[0]; features];
    }
    let old = match rw.graph().operand(linear, "bias") {
        None => vec![0.0; features],
        Some(_) => rw.constant(linear, "bias")?.to_f64s()?,
    };
    if shift.len() != features || old.len() != features {
        return Err(Miss::new("the constant has not one value per output feature"));
    }
    let (old_sign, new_sign) = match (rw.is(op, &["sub"]), linear_is_x) {
        (false, _) => (1.0, 1.0),
        (true, true) => (1.0, -1.0),
        (true, false) => (-1.0, 1.0),
    };
    let bias: Vec<f64> = old.iter().zip(&shift).map(|(old, new)| old_sign * old + new_sign * new).collect();
    let bias = to_dtype(&bias, dtype)?;
    let label = rw.graph().label(op).to_string();

    let mut new = NewOp::new("linear");
    if old_sign < 0.0 {
        let minus = Tensor::from_slice(&[features], &vec![-1.0_f64; features])?;
        let negated = weight.scale_shift(0, Some(&minus), None)?;
        new = new.with("weight", rw.tensor(&format!("{label}_weight"), negated, op));
    }
    for (param, argument) in rw.graph().op(linear).arguments() {
        if param != "bias" && !(param == "weight" && old_sign < 0.0) {
            new.arguments.push((param.clone(), argument.clone()));
        }
    }
    new = new.with("bias", rw.tensor(&format!("{label}_bias"), bias, op));
    rw.replace_op(op, new, &[linear])
}
