use mil_ir::{Graph, NewOp, OpId, ValueId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::{DType, Tensor};

use crate::constants::is_close;

pass! {
    /// Recognises the exact GELU in its elementary ops.
    ///
    /// `0.5 * x * (1 + erf(x / sqrt(2)))`, with the two products in any order: `0.5` may be multiplied with `x`, with
    /// the sum, or last. The constants must be right to the precision of their element type, and no value between may have
    /// another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     fp32 r = const()[name = string("r"), val = fp32(0x1.6a09e6p-1)];
    ///     tensor<fp32, [2]> a = mul(x = x, y = r)[name = string("a")];
    ///     tensor<fp32, [2]> b = erf(x = a)[name = string("b")];
    ///     fp32 one = const()[name = string("one"), val = fp32(0x1p+0)];
    ///     tensor<fp32, [2]> c = add(x = b, y = one)[name = string("c")];
    ///     fp32 half = const()[name = string("half"), val = fp32(0x1p-1)];
    ///     tensor<fp32, [2]> d = mul(x = c, y = half)[name = string("d")];
    ///     tensor<fp32, [2]> y = mul(x = x, y = d)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     string y_mode_0 = const()[name = string("y_mode_0"), val = string("EXACT")];
    ///     tensor<fp32, [2]> y = gelu(mode = y_mode_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseGeluExact;
    id: "fuse_gelu_exact",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_gelu_exact")],
    patterns: [gelu: "half of `x` times one plus `erf` of `x` over the square root of 2"],
}

const PATTERNS: &[Pattern<FuseGeluExact>] = &[Pattern { name: "gelu", anchors: &["erf"], apply: gelu }];

impl Pass for FuseGeluExact {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn gelu(_: &FuseGeluExact, rw: &mut Rewrite<'_>, erf: OpId) -> Result<(), Miss> {
    rw.has_op("gelu")?;
    let scaled = rw.producer(erf, "x", &["real_div", "mul"])?;
    rw.used_only_by(scaled, erf)?;
    let x = if rw.is(scaled, &["real_div"]) {
        has_constant(rw, scaled, "y", std::f64::consts::SQRT_2)?;
        rw.input(scaled, "x")?
    } else {
        other_than_constant(rw, scaled, std::f64::consts::FRAC_1_SQRT_2)?
    };
    let sum = rw.only_user(erf)?;
    if !rw.is(sum, &["add"]) {
        return Err(Miss::new("erf is not followed by add"));
    }
    other_than_constant(rw, sum, 1.0)?;

    // Of the three factors 0.5, x and the sum, two are multiplied first.
    let first = product_with(rw, sum)?;
    let other = other_factor(rw, first, rw.result(sum)?)?;
    let mut gone = vec![first];
    let end = if is_constant(rw, first, 0.5) {
        let end = product_with(rw, first)?;
        if other_factor(rw, end, rw.result(first)?)? != Some(x) {
            return Err(Miss::new("half the sum is not multiplied with x"));
        }
        end
    } else if other == Some(x) {
        let end = product_with(rw, first)?;
        other_than_constant(rw, end, 0.5)?;
        end
    } else {
        let half = rw.definition(
            other.ok_or(Miss::new("the sum is multiplied with a constant other than 0.5"))?,
            &["mul"],
        )?;
        rw.used_only_by(half, first)?;
        if other_than_constant(rw, half, 0.5)? != x {
            return Err(Miss::new("the sum is not multiplied with half of x"));
        }
        gone.clear();
        gone.push(half);
        first
    };
    if rw.ty(rw.result(end)?) != rw.ty(x) {
        return Err(Miss::new("a constant widens the result"));
    }
    if gone[0] == first && end != first {
        rw.used_only_by(first, end)?;
    }
    let mode = format!("{}_mode_0", rw.graph().label(end));
    let mode = rw.tensor(&mode, Tensor::string("EXACT"), end);
    gone.extend([sum, erf, scaled]);
    rw.replace_op(end, NewOp::new("gelu").with("x", x).with("mode", mode), &gone)
}

/// The `mul` that is the only user of an op.
fn product_with(rw: &Rewrite<'_>, op: OpId) -> Result<OpId, Miss> {
    let user = rw.only_user(op)?;
    if rw.is(user, &["mul"]) { Ok(user) } else { Err(Miss::new("a product was expected")) }
}

/// The operand of a product other than this one; `None` for a constant.
fn other_factor(rw: &Rewrite<'_>, mul: OpId, known: ValueId) -> Result<Option<ValueId>, Miss> {
    let (x, y) = (rw.graph().input(mul, "x"), rw.graph().input(mul, "y"));
    let other = if x == Some(known) { y } else { x };
    Ok(other.filter(|&value| rw.graph().const_literal(value).is_none()))
}

/// The operand of a binary op whose other operand is this constant.
fn other_than_constant(rw: &Rewrite<'_>, op: OpId, value: f64) -> Result<ValueId, Miss> {
    for (param, other) in [("y", "x"), ("x", "y")] {
        if has_constant(rw, op, param, value).is_ok() {
            return rw.input(op, other);
        }
    }
    Err(Miss(format!("no operand is {value}").into()))
}

fn is_constant(rw: &Rewrite<'_>, op: OpId, value: f64) -> bool {
    other_than_constant(rw, op, value).is_ok()
}

/// A parameter is this constant everywhere, to the precision of its type.
fn has_constant(rw: &Rewrite<'_>, op: OpId, param: &str, value: f64) -> Result<(), Miss> {
    let tensor = rw.constant(op, param)?;
    let dtype: DType = tensor.dtype();
    match tensor.splat_value()? {
        Some(splat) if is_close(splat, value, dtype) => Ok(()),
        _ => Err(Miss(format!("{param} is not {value}").into())),
    }
}
