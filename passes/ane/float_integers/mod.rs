use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::integers::Plan;
use crate::ane::{Steps, number};

pass! {
    /// Computes in fp16 what went through integers and back.
    ///
    /// A cast to integers drops the fraction: the sign times the floor of the absolute value, or the floor
    /// alone where nothing is negative. What follows is followed as long as fp16 holds every integer that can
    /// occur: minima and maxima, and sums, products, quotients and remainders whose range is known to stay
    /// within what fp16 counts; reductions and sums along an axis; the places that an `argmax` finds. It ends in a
    /// cast to floats or truth values, or in a comparison. NaN and numbers beyond int32, of which a cast makes some
    /// integer, stay what they are; so what is computed of an infinity may be NaN.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<int32, [2]> i = cast(dtype = string("int32"), x = x)[name = string("i")];
    ///     tensor<fp16, [2]> y = cast(dtype = string("fp16"), x = i)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<int32, [2]> i = cast(dtype = string("int32"), x = x)[name = string("i")];
    ///     tensor<fp16, [2]> y_size = abs(x = x)[name = string("y_size")];
    ///     tensor<fp16, [2]> y_whole = floor(x = y_size)[name = string("y_whole")];
    ///     tensor<fp16, [2]> y_sign = sign(x = x)[name = string("y_sign")];
    ///     tensor<fp16, [2]> y = mul(x = y_whole, y = y_sign)[name = string("y_signed")];
    /// } -> (y);
    /// ```
    pub struct FloatIntegers;
    id: "float_integers",
    numerics: Lossy { min_snr_db: 40.0 },
    patterns: [
        /// integers that are cast to floats
        back(cast),
        /// integers that are compared
        compared(equal | not_equal | less | less_equal | greater | greater_equal),
    ],
}

fn back(rw: &mut Rewrite<'_>, cast: OpId) -> Matched {
    let dtype = rw.dtype(rw.result(cast)?)?;
    let ends = dtype.is_float() || dtype == DType::Bool;
    No::unless(ends, "it is not cast to floats or truth values")?;
    let plan = Plan::of(rw, rw.graph().operand(cast, "x").cloned().as_ref())?;
    let mut steps = Steps::new(rw, cast);
    let value = plan.emit(&mut steps)?;
    if dtype == DType::Bool {
        let zero = number(DType::Fp16, 0.0)?;
        return rw.replace(cast, NewOp::new("not_equal").with("x", value).with("y", zero), &[]);
    }
    if dtype == DType::Fp16 {
        return steps.finish(value, &[]);
    }
    let new = rw.like(cast)?.set("x", value);
    rw.replace(cast, new, &[])
}

fn compared(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, y) = (rw.graph().operand(op, "x").cloned(), rw.graph().operand(op, "y").cloned());
    let (x, y) = (Plan::any(rw, x.as_ref())?, Plan::any(rw, y.as_ref())?);
    No::unless(x.is_computed() || y.is_computed(), "both are constants")?;
    let kind = rw.graph().op(op).kind().to_string();
    let mut steps = Steps::new(rw, op);
    let (x, y) = (x.operand(&mut steps)?, y.operand(&mut steps)?);
    rw.replace(op, NewOp::new(kind.as_str()).with("x", x).with("y", y), &[])
}
