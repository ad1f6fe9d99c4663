use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Computes functions that the Neural Engine lacks by those that it has.
    ///
    /// `cosh` becomes two exponentials, `sinh` those times `tanh`, `tan` the quotient of sine and cosine, `asin`
    /// and `acos` an `atan`, `atanh` a logarithm, and `mod` what a `floor_div` leaves. Where two large numbers
    /// nearly cancel, near zero of `atanh` or near ±1 of `asin`, digits are lost: the result is as precise as
    /// the numbers between, not as itself. `acos` is 0 at 1. What `mod`
    /// leaves of a division by an infinity is NaN. Floats only.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = cosh(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y_up = exp(x = x)[name = string("y_up")];
    ///     fp32 y_y_0 = const()[name = string("y_y_0"), val = fp32(-0x1p+0)];
    ///     tensor<fp32, [2]> y_negated = mul(x = x, y = y_y_0)[name = string("y_negated")];
    ///     tensor<fp32, [2]> y_down = exp(x = y_negated)[name = string("y_down")];
    ///     tensor<fp32, [2]> y_both = add(x = y_up, y = y_down)[name = string("y_both")];
    ///     fp32 y_y_1 = const()[name = string("y_y_1"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [2]> y = mul(x = y_both, y = y_y_1)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ExpandFunctions;
    id: "expand_functions",
    numerics: Lossy { min_snr_db: 40.0 },
    patterns: [
        /// `cosh`: half the sum of two exponentials; `sinh`: times `tanh`
        exponentials(sinh | cosh),
        /// `tan`: sine over cosine
        tangent(tan),
        /// `asin`: `atan(x / sqrt((1 - x) * (1 + x)))`
        arc(asin),
        /// `acos`: twice `atan(sqrt((1 - x) / (1 + x)))`, which loses nothing near 1
        arc_cosine(acos),
        /// `atanh`: half the logarithm of `(1 + x) / (1 - x)`
        area(atanh),
        /// `mod`: `x - y * floor(x / y)`, and `y` more where that rounded below zero
        remainder(mod),
    ],
}

fn exponentials(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, dtype) = operand(rw, op)?;
    let is_sine = rw.is(op, &["sinh"]);
    let (minus, half) = (number(dtype, -1.0)?, number(dtype, 0.5)?);
    let mut steps = Steps::new(rw, op);
    let up = steps.unary("up", "exp", x)?;
    let negated = steps.binary("negated", "mul", x, minus)?;
    let down = steps.unary("down", "exp", negated)?;
    let both = steps.binary("both", "add", up, down)?;
    if !is_sine {
        return rw.replace(op, NewOp::new("mul").with("x", both).with("y", half), &[]);
    }
    let cosine = steps.binary("cosine", "mul", both, half)?;
    // The difference of the two exponentials would lose digits near 0.
    let ratio = steps.unary("ratio", "tanh", x)?;
    rw.replace(op, NewOp::new("mul").with("x", cosine).with("y", ratio), &[])
}

fn tangent(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, _) = operand(rw, op)?;
    let mut steps = Steps::new(rw, op);
    let sine = steps.unary("sine", "sin", x)?;
    let cosine = steps.unary("cosine", "cos", x)?;
    rw.replace(op, NewOp::new("real_div").with("x", sine).with("y", cosine), &[])
}

fn arc(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, dtype) = operand(rw, op)?;
    let one = number(dtype, 1.0)?;
    let mut steps = Steps::new(rw, op);
    // As a product: 1 - x * x would lose digits near 1.
    let below = steps.binary("below", "sub", one.clone(), x)?;
    let above = steps.binary("above", "add", x, one)?;
    let product = steps.binary("product", "mul", below, above)?;
    let root = steps.unary("root", "sqrt", product)?;
    let slope = steps.binary("slope", "real_div", x, root)?;
    rw.replace(op, NewOp::new("atan").with("x", slope), &[])
}

fn arc_cosine(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, dtype) = operand(rw, op)?;
    let (one, two) = (number(dtype, 1.0)?, number(dtype, 2.0)?);
    let mut steps = Steps::new(rw, op);
    let below = steps.binary("below", "sub", one.clone(), x)?;
    let above = steps.binary("above", "add", x, one)?;
    let ratio = steps.binary("ratio", "real_div", below, above)?;
    let root = steps.unary("root", "sqrt", ratio)?;
    let half = steps.unary("half", "atan", root)?;
    rw.replace(op, NewOp::new("mul").with("x", half).with("y", two), &[])
}

fn area(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let (x, dtype) = operand(rw, op)?;
    let (one, half) = (number(dtype, 1.0)?, number(dtype, 0.5)?);
    let mut steps = Steps::new(rw, op);
    let above = steps.binary("above", "add", x, one.clone())?;
    let below = steps.binary("below", "sub", one, x)?;
    let ratio = steps.binary("ratio", "real_div", above, below)?;
    let log = steps.unary("log", "log", ratio)?;
    rw.replace(op, NewOp::new("mul").with("x", log).with("y", half), &[])
}

fn remainder(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let y = rw.graph().operand(op, "y").cloned().ok_or(No::miss("y is not given"))?;
    let x = rw.graph().operand(op, "x").cloned().ok_or(No::miss("x is not given"))?;
    let dtype = rw.dtype(rw.result(op)?)?;
    let zero = number(dtype, 0.0)?;
    let divisor = rw.constant(op, "y").ok();
    let positive = divisor.map(|divisor| divisor.all(|value| value > 0.0)).transpose()?.unwrap_or(false);
    let mut steps = Steps::new(rw, op);
    let times = steps.binary("times", "floor_div", x.clone(), y.clone())?;
    let whole = steps.binary("whole", "mul", times, y.clone())?;
    let rest = steps.binary("rest", "sub", x, whole)?;
    // The quotient may have been rounded up to the next whole number.
    let signed = if positive { rest } else { steps.binary("signed", "mul", rest, y.clone())? };
    let is_below = steps.binary("is_below", "less", signed, zero)?;
    let below = steps.cast("below", is_below, dtype)?;
    let missing = steps.binary("missing", "mul", below, y)?;
    rw.replace(op, NewOp::new("add").with("x", rest).with("y", missing), &[])
}

/// The operand, of floats, and its element type.
fn operand(rw: &Rewrite<'_>, op: OpId) -> Result<(ValueId, DType), No> {
    let x = rw.input(op, "x")?;
    let dtype = rw.dtype(x)?;
    number(dtype, 0.0)?;
    Ok((x, dtype))
}
