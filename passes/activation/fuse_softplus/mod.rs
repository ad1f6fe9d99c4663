use mil_ir::{NewOp, OpId};
use mil_pass::{Match, Matched, No, Rewrite, pass};

use super::negated;

pass! {
    /// Recognises `softplus` in its elementary ops.
    ///
    /// `log(1 + exp(x))`, whose epsilon is too small to count, or is the one; and `relu(x) + softplus(-|x|)`, which
    /// keeps `exp` small. The one must be so everywhere and widen nothing, and no value between may have another
    /// use. Where `exp` was beyond the element type, the op no longer is. Mish,
    /// `x · tanh(softplus(x))`, is as short as it gets with it.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> e = exp(x = x)[name = string("e")];
    ///     fp32 one = const()[name = string("one"), val = fp32(1.0)];
    ///     tensor<fp32, [2]> s = add(x = one, y = e)[name = string("s")];
    ///     tensor<fp32, [2]> y = log(x = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = softplus(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseSoftplus;
    id: "fuse_softplus",
    numerics: Rounding,
    patterns: [
        /// `log(1 + exp(x))`
        logarithm(log),
        /// `relu(x) + softplus(-|x|)`
        stable(add),
    ],
}

/// Added to numbers from 1 on, it is lost.
const LOST: f64 = 1e-9;

fn logarithm(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let epsilon = rw.call(end)?.float("epsilon")?;
    let mut m = Match::ending(end);
    let exp = if epsilon == 1.0 {
        m.from(rw, end, "x", &["exp"])?
    } else {
        No::unless(epsilon.abs() < LOST, "its epsilon counts")?;
        let sum = m.from(rw, end, "x", &["add"])?;
        m.definition(rw, rw.beside(sum, 1.0)?, &["exp"])?
    };
    m.closed(rw)?;
    let x = rw.input(exp, "x")?;
    m.replace(rw, NewOp::new("softplus").with("x", x))
}

fn stable(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (relu, side) = rw.side_from(end, &["relu"])?;
    let x = rw.input(relu, "x")?;
    let mut m = Match::of(end, &[relu]);
    let rest = m.from(rw, end, side.other().param(), &["softplus"])?;
    let minus = m.from(rw, rest, "x", &["mul", "sub"])?;
    let magnitude = m.definition(rw, negated(rw, minus)?, &["abs"])?;
    No::unless(rw.input(magnitude, "x")? == x, "the magnitude is that of another value")?;
    m.closed(rw)?;
    m.replace(rw, NewOp::new("softplus").with("x", x))
}
