use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::{along_axes, to_dtype};

pass! {
    /// Makes `layer_norm` of a normalisation over any axes.
    ///
    /// `(x - m) · rsqrt(mean((x - m)²) + ε)`, as `fuse_rsqrt` leaves it, with `m` the mean of `x` over the same axes,
    /// which are kept. So group normalisation, which is one over groups that a `reshape` set apart, becomes a
    /// `layer_norm` between two of them. A constant factor behind it, and a constant summand behind that, are taken
    /// in where they vary along these axes only. No value between may have another use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3, 4]> x) {
    ///     tensor<int32, [2]> axes = const()[name = string("axes"), val = tensor<int32, [2]>([1, 2])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [1, 1, 1, 4]> m = reduce_mean(axes = axes, keep_dims = keep, x = x)[name = string("m")];
    ///     tensor<fp32, [1, 2, 3, 4]> c = sub(x = x, y = m)[name = string("c")];
    ///     tensor<fp32, [1, 2, 3, 4]> s = square(x = c)[name = string("s")];
    ///     tensor<fp32, [1, 1, 1, 4]> v = reduce_mean(axes = axes, keep_dims = keep, x = s)[name = string("v")];
    ///     fp32 e = const()[name = string("e"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [1, 1, 1, 4]> r = rsqrt(epsilon = e, x = v)[name = string("r")];
    ///     tensor<fp32, [1, 2, 3, 4]> y = mul(x = c, y = r)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3, 4]> x) {
    ///     tensor<int32, [2]> y_axes_0 = const()[name = string("y_axes_0"), val = tensor<int32, [2]>([1, 2])];
    ///     fp32 y_epsilon_0 = const()[name = string("y_epsilon_0"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [1, 2, 3, 4]> y = layer_norm(axes = y_axes_0, epsilon = y_epsilon_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseNormAnyAxes;
    id: "fuse_norm_any_axes",
    numerics: Rounding,
    patterns: [
        /// `(x - m) · rsqrt(mean((x - m)²) + ε)`, then perhaps `mul` and `add`
        centred(mul),
    ],
}

fn centred(rw: &mut Rewrite<'_>, product: OpId) -> Matched {
    let (root, side) = rw.side_from(product, &["rsqrt"])?;
    let mut m = Match::of(product, &[root]);
    let centred = m.from(rw, product, side.other().param(), &["sub"])?;
    let (x, axes) = less_its_mean(rw, &mut m, centred)?;
    let variance = m.from(rw, root, "x", &["reduce_mean"])?;
    let square = m.from(rw, variance, "x", &["square", "mul", "pow"])?;
    let again = m.definition(rw, squared(rw, square)?, &["sub"])?;
    let same = less_its_mean(rw, &mut m, again)? == (x, axes.clone());
    No::unless(same && kept_axes(rw, variance)? == axes, "the means are of different values or axes")?;
    let epsilon = rw.call(root)?.float("epsilon")?;
    let affine = affine(rw, product, x, &axes);
    let mut new = NewOp::new("layer_norm").with("axes", of_axes(&axes));
    new = new.with("epsilon", to_dtype(&[epsilon], rw.dtype(x)?)?.reshaped(&[])?).with("x", x);
    let mut after = Vec::new();
    for (op, param, tensor) in affine {
        after.push(op);
        new = new.with(param, tensor);
    }
    let m = if after.is_empty() { m } else { m.extended(&after) };
    m.closed(rw)?;
    m.replace(rw, new)
}

fn of_axes(axes: &[usize]) -> Tensor {
    Tensor::ints(&axes.iter().map(|&axis| axis as i32).collect::<Vec<_>>())
}

/// What a `sub` takes the mean away from, and the axes of the mean.
fn less_its_mean(rw: &Rewrite<'_>, m: &mut Match, sub: OpId) -> Result<(ValueId, Vec<usize>), No> {
    let x = rw.input(sub, "x")?;
    let mean = m.from(rw, sub, "y", &["reduce_mean"])?;
    No::unless(rw.input(mean, "x")? == x, "what is taken away is not the mean")?;
    Ok((x, kept_axes(rw, mean)?))
}

/// The axes of a mean that keeps them, in order.
fn kept_axes(rw: &Rewrite<'_>, mean: OpId) -> Result<Vec<usize>, No> {
    No::unless(rw.call(mean)?.bool("keep_dims")?, "the mean drops its axes")?;
    let mut axes = rw.call(mean)?.axes("axes", rw.rank(rw.input(mean, "x")?)?)?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

fn squared(rw: &Rewrite<'_>, square: OpId) -> Result<ValueId, No> {
    match rw.graph().op(square).kind().as_str() {
        "pow" => rw.beside(square, 2.0),
        "square" => rw.input(square, "x"),
        _ => {
            let x = rw.input(square, "x")?;
            No::unless(rw.input(square, "y")? == x, "the product is not a square")?;
            Ok(x)
        }
    }
}

/// The factor, and the summand, that follow: as far as they fit into the op.
fn affine(rw: &Rewrite<'_>, product: OpId, x: ValueId, axes: &[usize]) -> Vec<(OpId, &'static str, Tensor)> {
    let mut found = Vec::new();
    let mut last = product;
    for (kind, param) in [("mul", "gamma"), ("add", "beta")] {
        let next = || {
            let op = rw.only_user(last).ok().filter(|&op| rw.is(op, &[kind]))?;
            let (constant, _, _) = rw.with_constant(op).ok()?;
            rw.does_not_widen(&constant, x).ok()?;
            Some((op, along_axes(&constant, &rw.shape(x).ok()?, axes).ok()?))
        };
        let Some((op, tensor)) = next() else { break };
        found.push((op, param, tensor));
        last = op;
    }
    found
}
