use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::to_dtype;

pass! {
    /// Rewrites norms so that no value between leaves the range of fp16.
    ///
    /// `x / √(mean(x²) + ε)`, RMSNorm, squares its activations: 256 squared is beyond fp16, and what is small
    /// squares to nothing. Divided by the larger of their greatest magnitude and `√ε` first, `z = x / m`, they
    /// are at most 1, and so is the mean of their squares: `z / √(mean(z²) + (√ε / m)²)` is the same number. So
    /// is `x / max(√(sum(x²)), ε)`, a normalised vector, as `z / max(√(sum(z²)), ε / m)`. Softmax written out
    /// becomes the op, which takes the maximum off, and so does the logarithm of a sum of exponentials.
    ///
    /// The results differ by rounding. Norms without an epsilon are left alone: nothing keeps `m` from zero. This
    /// adds ops; it is for programs that compute in fp16, before or after they are cast.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<fp32, [2, 4]> e = exp(x = x)[name = string("e")];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([-1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> s = reduce_sum(axes = axes, keep_dims = keep, x = e)[name = string("s")];
    ///     tensor<fp32, [2, 4]> y = real_div(x = e, y = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(1)];
    ///     tensor<fp32, [2, 4]> y = softmax(axis = y_axis_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct StabilizeFp16;
    id: "stabilize_fp16",
    numerics: Rounding,
    patterns: [
        /// `x · rsqrt(mean(x²) + ε)`, or the quotient by `sqrt`
        root_mean_square(mul | real_div),
        /// `x / max(√(sum(x²)), ε)`, or with a sum in place of the maximum
        unit_vector(real_div),
        /// `exp(x) / sum(exp(x))`
        softmax(real_div),
        /// `log(sum(exp(x)))`
        log_sum_exp(log),
    ],
}

/// The scale of a norm: the op that reduces squares, what it reduces, and the epsilon.
struct Scale {
    reduce: OpId,
    x: ValueId,
    epsilon: f64,
}

fn root_mean_square(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let (x, root) = match rw.is(end, &["mul"]) {
        true => {
            let (root, side) = rw.side_from(end, &["rsqrt"])?;
            (rw.input(end, side.other().param())?, root)
        }
        false => (rw.input(end, "x")?, rw.producer(end, "y", &["sqrt"])?),
    };
    m.remember(root);
    let own = match rw.is(root, &["rsqrt"]) {
        true => rw.call(root)?.float("epsilon")?,
        false => 0.0,
    };
    let (sum, added) = match m.attempt(|m| m.from(rw, root, "x", &["add"])) {
        Ok(add) => {
            let (constant, sum, _) = rw.with_constant(add)?;
            (sum, constant.item_f64().ok_or(No::miss("epsilon is not a scalar"))?)
        }
        Err(No::Miss(_)) => (rw.input(root, "x")?, 0.0),
        Err(fault) => return Err(fault),
    };
    let Scale { reduce, x, epsilon } = scale(rw, &mut m, sum, x, own + added)?;
    m.closed(rw)?;
    let root_of_epsilon = epsilon.sqrt();
    let (z, largest) = scaled(rw, end, reduce, x, root_of_epsilon)?;
    let mean = reduced(rw, end, reduce, z)?;
    let dtype = rw.dtype(x)?;
    let ratio = scalar(root_of_epsilon, dtype)?;
    let ratio = step(rw, end, "ratio", NewOp::new("real_div").with("x", ratio).with("y", largest))?;
    let ratio = step(rw, end, "ratio_squared", NewOp::new("mul").with("x", ratio).with("y", ratio))?;
    let sum = step(rw, end, "sum", NewOp::new("add").with("x", mean).with("y", ratio))?;
    let root = step(rw, end, "root", NewOp::new("sqrt").with("x", sum))?;
    m.replace(rw, NewOp::new("real_div").with("x", z).with("y", root))
}

fn unit_vector(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let x = rw.input(end, "x")?;
    let bound = m.from(rw, end, "y", &["maximum", "add"])?;
    let (constant, norm, _) = rw.with_constant(bound)?;
    let epsilon = constant.item_f64().ok_or(No::miss("epsilon is not a scalar"))?;
    let kind = rw.graph().op(bound).kind().clone();
    let root = m.definition(rw, norm, &["sqrt"])?;
    let sum = rw.input(root, "x")?;
    let Scale { reduce, x, epsilon } = scale(rw, &mut m, sum, x, epsilon)?;
    m.closed(rw)?;
    let (z, largest) = scaled(rw, end, reduce, x, epsilon)?;
    let sum = reduced(rw, end, reduce, z)?;
    let root = step(rw, end, "root", NewOp::new("sqrt").with("x", sum))?;
    let ratio = scalar(epsilon, rw.dtype(x)?)?;
    let ratio = step(rw, end, "ratio", NewOp::new("real_div").with("x", ratio).with("y", largest))?;
    let bound = step(rw, end, "bound", NewOp::new(kind).with("x", root).with("y", ratio))?;
    m.replace(rw, NewOp::new("real_div").with("x", z).with("y", bound))
}

fn softmax(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let exp = m.from(rw, end, "x", &["exp"])?;
    let sum = m.from(rw, end, "y", &["reduce_sum"])?;
    No::unless(rw.input(sum, "x")? == rw.result(exp)?, "the sum is of other values")?;
    let axis = only_axis(rw, sum)?;
    No::unless(rw.call(sum)?.bool("keep_dims")?, "the sum loses its axis")?;
    m.closed(rw)?;
    let x = rw.input(exp, "x")?;
    m.replace(rw, NewOp::new("softmax").with("x", x).with("axis", Tensor::scalar(axis as i32)))
}

fn log_sum_exp(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let sum = m.from(rw, end, "x", &["reduce_sum"])?;
    let exp = m.from(rw, sum, "x", &["exp"])?;
    No::unless(rw.call(end)?.float("epsilon")? < 1e-30, "its epsilon counts")?;
    No::unless(rw.call(sum)?.bool("keep_dims")?, "the sum loses its axis")?;
    m.closed(rw)?;
    let x = rw.input(exp, "x")?;
    let is_taken_off =
        rw.definition_anywhere(x, &["sub"]).and_then(|sub| rw.producer(sub, "y", &["reduce_max"])).is_ok();
    No::unless(!is_taken_off, "its maximum is taken off already")?;
    let largest = step(rw, end, "largest", of_kind("reduce_max", like(rw, sum).set("x", x)))?;
    let moved = step(rw, end, "moved", NewOp::new("sub").with("x", x).with("y", largest))?;
    let exp = step(rw, end, "exp", NewOp::new("exp").with("x", moved))?;
    let sum = step(rw, end, "sum", like(rw, sum).set("x", exp))?;
    let log = step(rw, end, "log", like(rw, end).set("x", sum))?;
    m.replace(rw, NewOp::new("add").with("x", log).with("y", largest))
}

/// Follows a mean or sum of squares, which must be those of `x`.
fn scale(rw: &Rewrite<'_>, m: &mut Match, sum: ValueId, x: ValueId, epsilon: f64) -> Result<Scale, No> {
    let reduce = m.definition(rw, sum, &["reduce_mean", "reduce_sum"])?;
    No::unless(rw.call(reduce)?.bool("keep_dims")?, "the reduction loses its axes")?;
    let square = m.from(rw, reduce, "x", &["mul", "square", "pow"])?;
    let squared = match rw.graph().op(square).kind().as_str() {
        "pow" => rw.beside(square, 2.0)?,
        "square" => rw.input(square, "x")?,
        _ => {
            let squared = rw.input(square, "x")?;
            No::unless(rw.input(square, "y")? == squared, "the product is not a square")?;
            squared
        }
    };
    No::unless(squared == x, "what is scaled is not what is squared")?;
    No::unless(epsilon > 0.0 && epsilon < 1.0, "there is no small epsilon that keeps the scale from zero")?;
    Ok(Scale { reduce, x, epsilon })
}

/// `x / m` and `m`, the larger of its greatest magnitude and a number that is not zero.
fn scaled(
    rw: &mut Rewrite<'_>,
    end: OpId,
    reduce: OpId,
    x: ValueId,
    least: f64,
) -> Result<(ValueId, ValueId), No> {
    let least = scalar(least, rw.dtype(x)?)?;
    let abs = step(rw, end, "magnitude", NewOp::new("abs").with("x", x))?;
    let largest = step(rw, end, "largest", of_kind("reduce_max", like(rw, reduce).set("x", abs)))?;
    let largest = step(rw, end, "scale", NewOp::new("maximum").with("x", largest).with("y", least))?;
    let z = step(rw, end, "scaled", NewOp::new("real_div").with("x", x).with("y", largest))?;
    Ok((z, largest))
}

/// The reduction of the squares of a value.
fn reduced(rw: &mut Rewrite<'_>, end: OpId, reduce: OpId, z: ValueId) -> Result<ValueId, No> {
    let square = step(rw, end, "squared", NewOp::new("mul").with("x", z).with("y", z))?;
    step(rw, end, "reduced", like(rw, reduce).set("x", square))
}

fn like(rw: &Rewrite<'_>, op: OpId) -> NewOp {
    NewOp::like(rw.graph(), op)
}

/// An op of another type with the same parameters.
fn of_kind(kind: &str, new: NewOp) -> NewOp {
    NewOp { kind: kind.into(), ..new }
}

/// An inner op, named after the one that is replaced.
fn step(rw: &mut Rewrite<'_>, end: OpId, what: &str, new: NewOp) -> Result<ValueId, No> {
    let label = format!("{}_{what}", rw.graph().label(end));
    rw.emit_one(new.named(label), end)
}

/// A scalar that the element type has.
fn scalar(value: f64, dtype: DType) -> Result<Tensor, No> {
    let tensor = to_dtype(&[value], dtype)?;
    No::unless(tensor.to_f64s()?[0] > 0.0, "epsilon is zero in the element type")?;
    Ok(tensor.reshaped(&[])?)
}

fn only_axis(rw: &Rewrite<'_>, reduce: OpId) -> Result<usize, No> {
    let rank = rw.rank(rw.input(reduce, "x")?)?;
    match rw.call(reduce)?.axes("axes", rank)?[..] {
        [axis] => Ok(axis),
        _ => Err(No::miss("it reduces several axes")),
    }
}
