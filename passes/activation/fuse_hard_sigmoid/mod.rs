use mil_ir::{NewOp, OpId, Release, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, is_close, pass};
use mil_tensor::{DType, Tensor};

pass! {
    /// Recognises `sigmoid_hard`, which hard swish multiplies with, in its elementary ops.
    ///
    /// `clip(x + b, 0, c) / c`, with the bounds as a `clip` or a `relu6`, divided by `c` or multiplied with its
    /// inverse, is `sigmoid_hard` with the slope `1 / c` and `b / c` at 0. Where the clipped value is multiplied
    /// with `x` before it is divided, as in `x · relu6(x + 3) / 6`, the product stays. `clip(x + b, 0, 1)` needs no
    /// division, and `x` may have a factor of its own there. No value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 three = const()[name = string("three"), val = fp32(3.0)];
    ///     tensor<fp32, [2]> s = add(x = x, y = three)[name = string("s")];
    ///     tensor<fp32, [2]> r = relu6(x = s)[name = string("r")];
    ///     fp32 six = const()[name = string("six"), val = fp32(6.0)];
    ///     tensor<fp32, [2]> y = real_div(x = r, y = six)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp32(0.16666667)];
    ///     fp32 y_beta_0 = const()[name = string("y_beta_0"), val = fp32(0.5)];
    ///     tensor<fp32, [2]> y = sigmoid_hard(alpha = y_alpha_0, beta = y_beta_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseHardSigmoid;
    id: "fuse_hard_sigmoid",
    numerics: Rounding,
    patterns: [
        /// `clip(x + b, 0, c) / c`
        divided(clip | relu6),
        /// `x · clip(x + b, 0, c) / c`
        product(clip | relu6),
        /// `clip(a · x + b, 0, 1)`
        clipped(clip),
    ],
}

/// What is clipped between 0 and a bound: `slope · x + shift`.
struct Line {
    x: ValueId,
    slope: f64,
    shift: f64,
    bound: f64,
}

fn divided(rw: &mut Rewrite<'_>, clip: OpId) -> Matched {
    let mut m = Match::ending(clip);
    let line = line(rw, &mut m, clip)?;
    let end = rw.only_user(clip)?;
    divides(rw, end, rw.result(clip)?, line.bound)?;
    let m = m.extended(&[end]);
    m.closed(rw)?;
    let new = hard_sigmoid(rw, &line)?;
    m.replace(rw, new)
}

fn product(rw: &mut Rewrite<'_>, clip: OpId) -> Matched {
    let mut m = Match::ending(clip);
    let line = line(rw, &mut m, clip)?;
    let product = rw.only_user(clip)?;
    No::unless(rw.is(product, &["mul"]), "the clipped value is not multiplied")?;
    No::unless(
        rw.other_operand(product, rw.result(clip)?)? == line.x,
        "it is multiplied with another value",
    )?;
    let end = rw.only_user(product)?;
    divides(rw, end, rw.result(product)?, line.bound)?;
    let m = m.extended(&[product, end]);
    m.closed(rw)?;
    let label = format!("{}_sigmoid_hard", rw.graph().label(end));
    let new = hard_sigmoid(rw, &line)?.named(label);
    let gate = rw.emit_one(new, end)?;
    m.replace(rw, NewOp::new("mul").with("x", line.x).with("y", gate))
}

fn clipped(rw: &mut Rewrite<'_>, clip: OpId) -> Matched {
    let mut m = Match::ending(clip);
    let line = line(rw, &mut m, clip)?;
    No::unless(line.bound == 1.0, "the upper bound is not 1")?;
    m.closed(rw)?;
    let new = hard_sigmoid(rw, &line)?;
    m.replace(rw, new)
}

/// What a `clip` from 0 on clips: a sum with a number, perhaps of a product with one.
fn line(rw: &Rewrite<'_>, m: &mut Match, clip: OpId) -> Result<Line, No> {
    let bound = match rw.is(clip, &["relu6"]) {
        true => 6.0,
        false => {
            No::unless(rw.call(clip)?.float("alpha")? == 0.0, "the lower bound is not 0")?;
            rw.call(clip)?.float("beta")?
        }
    };
    No::unless(bound > 0.0 && bound.is_finite(), "the upper bound is not a number above 0")?;
    let sum = m.from(rw, clip, "x", &["add"])?;
    let (shift, x) = number(rw, sum)?;
    let scaled = m.attempt(|m| {
        let scaled = m.definition(rw, x, &["mul"])?;
        number(rw, scaled)
    });
    match scaled {
        Ok((slope, x)) => Ok(Line { x, slope, shift, bound }),
        Err(No::Miss(_)) => Ok(Line { x, slope: 1.0, shift, bound }),
        Err(fault) => Err(fault),
    }
}

/// The one number that a binary op takes, and its other operand.
fn number(rw: &Rewrite<'_>, op: OpId) -> Result<(f64, ValueId), No> {
    let (constant, x, _) = rw.with_constant(op)?;
    rw.does_not_widen(&constant, x)?;
    Ok((constant.splat_value()?.ok_or(No::miss("the numbers differ"))?, x))
}

/// The op divides a value by a number, or multiplies it with the number's inverse.
fn divides(rw: &Rewrite<'_>, op: OpId, value: ValueId, by: f64) -> Result<(), No> {
    let constant = match rw.is(op, &["real_div"]) {
        true => rw.constant(op, "y")?,
        false => {
            No::unless(rw.is(op, &["mul"]), "the clipped value is not divided by its bound")?;
            rw.with_constant(op)?.0
        }
    };
    rw.does_not_widen(&constant, value)?;
    let wanted = if rw.is(op, &["real_div"]) { by } else { by.recip() };
    let found = constant.splat_value()?.is_some_and(|found| is_close(found, wanted, constant.dtype()));
    No::unless(found, "the clipped value is not divided by its bound")
}

fn hard_sigmoid(rw: &Rewrite<'_>, line: &Line) -> Result<NewOp, No> {
    // From iOS17 on the parameters of an op in fp16 may be fp32: a sixth is not rounded twice.
    let is_mixed = rw.opset().release() >= Some(Release::IOS17);
    let dtype = if is_mixed { DType::Fp32 } else { rw.dtype(line.x)? };
    let scalar = |value: f64| Tensor::from_f64s(dtype, &[], &[value]);
    let new = NewOp::new("sigmoid_hard").with("alpha", scalar(line.slope / line.bound)?);
    Ok(new.with("beta", scalar(line.shift / line.bound)?).with("x", line.x))
}
