use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::{along_axis, signs, to_dtype};

pass! {
    /// Recognises `prelu` in `relu(x) + a * relu(-x)`.
    ///
    /// The constant varies along the channels, the second axis of `x`; where `x` is a transposed value, along
    /// those of the value before the transpose, which then comes last. `relu(x) - a * relu(-x)` is the same
    /// with the other sign. The slopes of values of rank 3 and 5 must be equal, as the op demands. No value
    /// between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 1]> x) {
    ///     tensor<fp32, [2, 1, 1]> a = const()[name = string("a"), val = tensor<fp32, [2, 1, 1]>([[[0.25]], [[0.5]]])];
    ///     fp32 minus = const()[name = string("minus"), val = fp32(-1.0)];
    ///     tensor<fp32, [1, 2, 1, 1]> n = mul(x = x, y = minus)[name = string("n")];
    ///     tensor<fp32, [1, 2, 1, 1]> r = relu(x = n)[name = string("r")];
    ///     tensor<fp32, [1, 2, 1, 1]> m = mul(x = r, y = a)[name = string("m")];
    ///     tensor<fp32, [1, 2, 1, 1]> p = relu(x = x)[name = string("p")];
    ///     tensor<fp32, [1, 2, 1, 1]> y = add(x = p, y = m)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 1, 1]> x) {
    ///     tensor<fp32, [2]> y_alpha_0 = const()[name = string("y_alpha_0"), val = tensor<fp32, [2]>([-0.25, -0.5])];
    ///     tensor<fp32, [1, 2, 1, 1]> y = prelu(alpha = y_alpha_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FusePrelu;
    id: "fuse_prelu",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_prelu")],
    patterns: [
        /// `relu` of `x`, and a multiple of `relu` of its negative, added or subtracted
        prelu(add | sub),
    ],
}

fn prelu(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (scaled, side) = rw.side_from(end, &["mul"])?;
    let mut m = Match::of(end, &[scaled]);
    let (constant, below, _) = rw.with_constant(scaled)?;
    let below = m.definition(rw, below, &["relu"])?;
    let negated = m.from(rw, below, "x", &["mul"])?;
    let x = rw.beside(negated, -1.0)?;
    let above = m.from(rw, end, side.other().param(), &["relu"])?;
    No::unless(rw.input(above, "x")? == x, "the two parts are not those of one value")?;
    let (sign, other) = signs(rw, end, side);
    No::unless(other > 0.0, "the part above 0 is subtracted")?;

    let plain = slopes(rw, &constant, x, 1);
    let (root, transpose, slopes) = match plain {
        Ok(slopes) => (x, None, slopes),
        Err(no) => {
            let transpose = m.definition(rw, x, &["transpose"]).map_err(|_| no)?;
            let order = rw.call(transpose)?.order("perm")?;
            let channels =
                order.iter().position(|&axis| axis == 1).ok_or(No::miss("there are no channels"))?;
            (rw.input(transpose, "x")?, Some(transpose), slopes(rw, &constant, x, channels)?)
        }
    };
    let rank = rw.rank(root)?;
    let equal = slopes.iter().all(|slope| *slope == slopes[0]);
    No::unless(
        rank == 4 || (equal && matches!(rank, 3 | 5)),
        "prelu takes no slopes per channel in this rank",
    )?;
    m.closed(rw)?;
    let alpha: Vec<f64> = slopes.iter().map(|slope| -sign * slope).collect();
    let new = NewOp::new("prelu").with("x", root).with("alpha", to_dtype(&alpha, constant.dtype())?);
    let Some(transpose) = transpose else { return m.replace(rw, new) };
    let label = rw.graph().label(end).to_string();
    let result = rw.emit_one(new.named(format!("{label}_channels_first")), end)?;
    let last = rw.like(transpose)?.set("x", result);
    m.replace(rw, last)
}

/// The slope of each channel, the channels being this axis of a value.
fn slopes(rw: &Rewrite<'_>, constant: &Tensor, value: ValueId, axis: usize) -> Result<Vec<f64>, No> {
    along_axis(rw, constant, value, axis, rw.size(value, axis)?)
}
