use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};

use super::negated;

pass! {
    /// Recognises `sigmoid`, and `silu`, in their elementary ops.
    ///
    /// `1 / (1 + exp(-x))`, `x / (1 + exp(-x))`, and `(1 + tanh(x / 2)) / 2`, multiplied out or not. The ones must be so everywhere and widen nothing, and no value
    /// between may have another use. Where `exp` was beyond the element type, the op no longer is.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 minus = const()[name = string("minus"), val = fp32(-1.0)];
    ///     tensor<fp32, [2]> n = mul(x = x, y = minus)[name = string("n")];
    ///     tensor<fp32, [2]> e = exp(x = n)[name = string("e")];
    ///     fp32 one = const()[name = string("one"), val = fp32(1.0)];
    ///     tensor<fp32, [2]> s = add(x = e, y = one)[name = string("s")];
    ///     tensor<fp32, [2]> y = real_div(x = one, y = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = sigmoid(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseSigmoid;
    id: "fuse_sigmoid",
    numerics: Rounding,
    patterns: [
        /// `1 / (1 + exp(-x))`
        reciprocal(real_div | inverse),
        /// `x / (1 + exp(-x))`
        gated(real_div),
        /// `0.5 · (1 + tanh(0.5 · x))`
        tangent(mul),
        /// `0.5 + 0.5 · tanh(0.5 · x)`
        tangent_multiplied_out(add),
    ],
}

fn reciprocal(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let divisor = if rw.is(end, &["inverse"]) { "x" } else { "y" };
    let sum = rw.producer(end, divisor, &["add"])?;
    if rw.is(end, &["inverse"]) {
        No::unless(rw.call(end)?.float("epsilon")? == 0.0, "the inverse has an epsilon")?;
    } else {
        let one = rw.constant(end, "x")?;
        No::unless(one.splat_value()? == Some(1.0), "the dividend is not 1")?;
        rw.does_not_widen(&one, rw.result(sum)?)?;
    }
    let mut m = Match::of(end, &[sum]);
    let x = exponent(rw, &mut m, sum)?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("sigmoid").with("x", x))
}

fn gated(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let sum = rw.producer(end, "y", &["add"])?;
    let mut m = Match::of(end, &[sum]);
    let x = exponent(rw, &mut m, sum)?;
    No::unless(rw.input(end, "x")? == x, "the dividend is another value")?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("silu").with("x", x))
}

fn tangent(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let sum = m.definition(rw, rw.beside(end, 0.5)?, &["add"])?;
    let tanh = rw.beside(sum, 1.0)?;
    of_half(rw, m, tanh)
}

fn tangent_multiplied_out(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let half = m.definition(rw, rw.beside(end, 0.5)?, &["mul"])?;
    let tanh = rw.beside(half, 0.5)?;
    of_half(rw, m, tanh)
}

/// Replaces a match whose value is made of `tanh(0.5 · x)`.
fn of_half(rw: &mut Rewrite<'_>, mut m: Match, tanh: ValueId) -> Matched {
    let tanh = m.definition(rw, tanh, &["tanh"])?;
    let half = m.from(rw, tanh, "x", &["mul"])?;
    let x = rw.beside(half, 0.5)?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("sigmoid").with("x", x))
}

/// The `x` of `1 + exp(-x)`.
fn exponent(rw: &Rewrite<'_>, m: &mut Match, sum: OpId) -> Result<ValueId, No> {
    let exp = m.definition(rw, rw.beside(sum, 1.0)?, &["exp"])?;
    let minus = m.from(rw, exp, "x", &["mul", "sub"])?;
    negated(rw, minus)
}
