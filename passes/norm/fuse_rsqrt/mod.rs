use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::to_dtype;

pass! {
    /// Makes `rsqrt` of what divides by a square root, and takes the epsilon in.
    ///
    /// All spellings of RMSNorm and of normalised queries and keys, `x / √(mean(x²) + ε)`, become one: `mul` with
    /// the `rsqrt`, whose epsilon is `ε`, of the mean. A root may be a power of one half. From iOS17 on the epsilon stays fp32 in a program that
    /// computes in fp16, so that a small one is not lost. No value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<fp32, [2, 4]> s = mul(x = x, y = x)[name = string("s")];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([-1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> m = reduce_mean(axes = axes, keep_dims = keep, x = s)[name = string("m")];
    ///     fp32 e = const()[name = string("e"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [2, 1]> a = add(x = m, y = e)[name = string("a")];
    ///     tensor<fp32, [2, 1]> r = sqrt(x = a)[name = string("r")];
    ///     tensor<fp32, [2, 4]> y = real_div(x = x, y = r)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<fp32, [2, 4]> s = mul(x = x, y = x)[name = string("s")];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([-1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> m = reduce_mean(axes = axes, keep_dims = keep, x = s)[name = string("m")];
    ///     fp32 y_epsilon_0 = const()[name = string("y_epsilon_0"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [2, 1]> y_rsqrt = rsqrt(epsilon = y_epsilon_0, x = m)[name = string("y_rsqrt")];
    ///     tensor<fp32, [2, 4]> y = mul(x = x, y = y_rsqrt)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseRsqrt;
    id: "fuse_rsqrt",
    numerics: Rounding,
    patterns: [
        /// `rsqrt(x + ε)`
        epsilon(rsqrt),
        /// `1 / √x`
        reciprocal(real_div | inverse),
        /// `x` to the power of minus one half
        power(pow),
        /// `y / √(x + ε)`
        quotient(real_div),
    ],
}

fn epsilon(rw: &mut Rewrite<'_>, root: OpId) -> Matched {
    let own = rw.call(root)?.float("epsilon")?;
    let mut m = Match::ending(root);
    let (x, added) = sum(rw, &mut m, rw.input(root, "x")?)?;
    m.closed(rw)?;
    let new = rsqrt(rw, x, own + added)?;
    m.replace(rw, new)
}

fn reciprocal(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let is_inverse = rw.is(end, &["inverse"]);
    let (root, x) = root(rw, end, if is_inverse { "x" } else { "y" })?;
    if is_inverse {
        No::unless(rw.call(end)?.float("epsilon")? == 0.0, "the inverse has an epsilon")?;
    } else {
        let one = rw.constant(end, "x")?;
        No::unless(one.splat_value()? == Some(1.0), "the dividend is not 1")?;
        rw.does_not_widen(&one, rw.result(root)?)?;
    }
    let mut m = Match::of(end, &[root]);
    let (x, epsilon) = sum_or_itself(rw, &mut m, x)?;
    m.closed(rw)?;
    let new = rsqrt(rw, x, epsilon)?;
    m.replace(rw, new)
}

fn power(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let x = rw.beside(end, -0.5)?;
    let mut m = Match::ending(end);
    let (x, epsilon) = sum_or_itself(rw, &mut m, x)?;
    m.closed(rw)?;
    let new = rsqrt(rw, x, epsilon)?;
    m.replace(rw, new)
}

fn quotient(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (root, x) = root(rw, end, "y")?;
    let dividend = rw.input(end, "x")?;
    let mut m = Match::of(end, &[root]);
    let (x, epsilon) = sum(rw, &mut m, x)?;
    m.closed(rw)?;
    let label = format!("{}_rsqrt", rw.graph().label(end));
    let new = rsqrt(rw, x, epsilon)?.named(label);
    let root = rw.emit_one(new, end)?;
    m.replace(rw, NewOp::new("mul").with("x", dividend).with("y", root))
}

/// The square root behind a parameter, and what it is taken of.
fn root(rw: &Rewrite<'_>, op: OpId, param: &str) -> Result<(OpId, ValueId), No> {
    let root = rw.producer(op, param, &["sqrt", "pow"])?;
    let x = if rw.is(root, &["pow"]) { rw.beside(root, 0.5)? } else { rw.input(root, "x")? };
    Ok((root, x))
}

/// A value and the one number that is added to it.
fn sum(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<(ValueId, f64), No> {
    let add = m.definition(rw, value, &["add"])?;
    let (constant, x, _) = rw.with_constant(add)?;
    rw.does_not_widen(&constant, x)?;
    let epsilon = constant.splat_value()?.ok_or(No::miss("several numbers are added"))?;
    No::unless(epsilon.is_finite() && epsilon >= 0.0, "the number is not an epsilon")?;
    Ok((x, epsilon))
}

/// The same, of a value that nothing is added to, too.
fn sum_or_itself(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<(ValueId, f64), No> {
    match m.attempt(|m| {
        let found = sum(rw, m, value)?;
        m.closed(rw).map(|()| found)
    }) {
        Err(No::Miss(_)) => Ok((value, 0.0)),
        other => other,
    }
}

fn rsqrt(rw: &Rewrite<'_>, x: ValueId, epsilon: f64) -> Result<NewOp, No> {
    let epsilon: Tensor = to_dtype(&[epsilon], rw.dtype(x)?)?.reshaped(&[])?;
    Ok(NewOp::new("rsqrt").with("epsilon", epsilon).with("x", x))
}
