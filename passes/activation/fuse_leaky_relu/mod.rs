use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use super::branches;

pass! {
    /// Makes `leaky_relu` of the larger of `x` and a part of it.
    ///
    /// `maximum(a * x, x)` with `0 < a <= 1`, `minimum(a * x, x)` with `a >= 1`, and `select` of `x` above 0 and
    /// `a * x` below; the slope is one number.
    /// A slope of 0 stays: 0 times infinity is not a number. So does one below: it makes -0 of 0. The product must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 a = const()[name = string("a"), val = fp32(0.25)];
    ///     tensor<fp32, [2]> m = mul(x = x, y = a)[name = string("m")];
    ///     tensor<fp32, [2]> y = maximum(x = m, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp32(0.25)];
    ///     tensor<fp32, [2]> y = leaky_relu(alpha = y_alpha_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseLeakyRelu;
    id: "fuse_leaky_relu",
    numerics: Exact,
    aliases: [Alias::plain("common::fuse_leaky_relu")],
    patterns: [
        /// `mul` by a slope up to 1, then `maximum`
        larger(maximum),
        /// `mul` by a slope from 1 on, then `minimum`
        ours smaller(minimum),
        /// `select` of `x` above 0, and of its product with a slope below
        ours selected(select),
    ],
}

fn larger(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    leaky(rw, end, |slope| slope > 0.0 && slope <= 1.0)
}

fn smaller(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    leaky(rw, end, |slope| slope >= 1.0 && slope.is_finite())
}

fn selected(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let (x, above, below) = branches(rw, &mut m)?;
    No::unless(above == x, "above 0 it gives another value")?;
    let product = m.definition(rw, below, &["mul"])?;
    let (slopes, of, _) = rw.with_constant(product)?;
    No::unless(of == x, "below 0 it gives another value")?;
    let slope = slope(rw, &slopes, x)?;
    No::unless(slope.is_finite() && slope > 0.0, "the slope is not above 0")?;
    m.closed(rw)?;
    let alpha = Tensor::from_f64s(slopes.dtype(), &[], &[slope])?;
    m.replace(rw, NewOp::new("leaky_relu").with("x", x).with("alpha", alpha))
}

fn leaky(rw: &mut Rewrite<'_>, end: OpId, fits: impl Fn(f64) -> bool) -> Matched {
    let mut miss = No::miss("no operand is a product of the other one");
    for (x, product) in rw.orders(end)? {
        let mut m = Match::ending(end);
        let Ok(product) = m.definition(rw, product, &["mul"]) else { continue };
        let Ok((slopes, of, _)) = rw.with_constant(product) else { continue };
        if of != x {
            continue;
        }
        match slope(rw, &slopes, x) {
            Ok(slope) if !fits(slope) => miss = No::miss("the slope is on the wrong side of 0 or 1"),
            Ok(slope) => {
                m.closed(rw)?;
                let alpha = Tensor::from_f64s(slopes.dtype(), &[], &[slope])?;
                return m.replace(rw, NewOp::new("leaky_relu").with("x", x).with("alpha", alpha));
            }
            Err(no) => miss = no,
        }
    }
    Err(miss)
}

/// The one value of a factor that does not widen `x`.
fn slope(rw: &Rewrite<'_>, slopes: &Tensor, x: ValueId) -> Result<f64, No> {
    rw.does_not_widen(slopes, x)?;
    slopes.splat_value()?.ok_or(No::miss("the slopes differ"))
}
