use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use super::branches;

pass! {
    /// Recognises `elu` in its elementary ops.
    ///
    /// `select` of `x` above 0, and of `exp(x) - 1` below, which may be multiplied by one number. No value between
    /// may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 zero = const()[name = string("zero"), val = fp32(0.0)];
    ///     tensor<bool, [2]> c = greater(x = x, y = zero)[name = string("c")];
    ///     tensor<fp32, [2]> e = exp(x = x)[name = string("e")];
    ///     fp32 one = const()[name = string("one"), val = fp32(1.0)];
    ///     tensor<fp32, [2]> d = sub(x = e, y = one)[name = string("d")];
    ///     tensor<fp32, [2]> y = select(a = x, b = d, cond = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp32(0x1p+0)];
    ///     tensor<fp32, [2]> y = elu(alpha = y_alpha_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseElu;
    id: "fuse_elu",
    numerics: Rounding,
    patterns: [
        /// `select` of `x` above 0, and of `alpha · (exp(x) - 1)` below
        selected(select),
    ],
}

fn selected(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let (x, above, below) = branches(rw, &mut m)?;
    No::unless(above == x, "above 0 it gives another value")?;
    let (alpha, below) = match m.attempt(|m| scaled(rw, m, below)) {
        Err(No::Miss(_)) => (1.0, below),
        found => found?,
    };
    let difference = m.definition(rw, below, &["sub", "add"])?;
    let one = if rw.is(difference, &["sub"]) { 1.0 } else { -1.0 };
    let exp = m.definition(rw, rw.beside(difference, one)?, &["exp"])?;
    No::unless(rw.input(exp, "x")? == x, "below 0 it gives another value")?;
    m.closed(rw)?;
    let alpha = Tensor::from_f64s(rw.dtype(x)?, &[], &[alpha])?;
    m.replace(rw, NewOp::new("elu").with("x", x).with("alpha", alpha))
}

/// A finite number, and what it is multiplied with.
fn scaled(rw: &Rewrite<'_>, m: &mut Match, value: ValueId) -> Result<(f64, ValueId), No> {
    let product = m.definition(rw, value, &["mul"])?;
    let (factors, of, _) = rw.with_constant(product)?;
    rw.does_not_widen(&factors, of)?;
    let factor = factors.splat_value()?.filter(|factor| factor.is_finite());
    Ok((factor.ok_or(No::miss("the factors differ"))?, of))
}
