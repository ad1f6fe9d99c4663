use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::DType;

pass! {
    /// Makes `relu` and `relu6` of what keeps floats above 0, or between 0 and 6.
    ///
    /// `maximum(x, 0)`, and `clip` from 0 to the largest number of the element type or beyond; `minimum(relu(x), 6)`,
    /// and `clip` from 0 to 6. Other passes know these ops better. The sign of a zero may change.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 zero = const()[name = string("zero"), val = fp32(0.0)];
    ///     tensor<fp32, [2]> y = maximum(x = x, y = zero)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = relu(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseRelu;
    id: "fuse_relu",
    numerics: Rounding,
    patterns: [
        /// `maximum` of `x` and 0
        larger(maximum),
        /// `minimum` of `relu` and 6
        smaller(minimum),
        /// `clip` from 0 on
        clipped(clip),
    ],
}

/// The bound of `relu6`.
const SIX: f64 = 6.0;

fn larger(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.beside(op, 0.0)?;
    floats(rw, x)?;
    rw.replace(op, NewOp::new("relu").with("x", x), &[])
}

fn smaller(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let relu = m.definition(rw, rw.beside(end, SIX)?, &["relu"])?;
    m.closed(rw)?;
    let x = rw.input(relu, "x")?;
    m.replace(rw, NewOp::new("relu6").with("x", x))
}

fn clipped(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    let most = floats(rw, x)?;
    let (alpha, beta) = (rw.call(op)?.float("alpha")?, rw.call(op)?.float("beta")?);
    No::unless(alpha == 0.0, "it does not begin at 0")?;
    No::unless(beta == SIX || beta >= most, "it ends at another number")?;
    let kind = if beta == SIX { "relu6" } else { "relu" };
    rw.replace(op, NewOp::new(kind).with("x", x), &[])
}

/// The largest number of a float type.
fn floats(rw: &Rewrite<'_>, x: ValueId) -> Result<f64, No> {
    match rw.dtype(x)? {
        DType::Fp16 => Ok(f64::from(half::f16::MAX.to_f32())),
        DType::Fp32 => Ok(f64::from(f32::MAX)),
        _ => Err(No::miss("these are not floats")),
    }
}
