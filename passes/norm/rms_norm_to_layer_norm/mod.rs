use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::constants::{ints, to_dtype};

pass! {
    /// Makes RMSNorm a `layer_norm` of `x` and `-x` side by side.
    ///
    /// Their mean is zero and their variance is the mean of the squares of `x`, so the first half of
    /// `layer_norm(concat(x, -x))` is `x · rsqrt(mean(x²) + ε)`, the form in which `fuse_rsqrt` leaves all spellings.
    /// It is twice the work, and as many ops. What it is for: `layer_norm` is one op, within which a device may
    /// keep more digits than fp16 has, where the squares of activations beyond 255 are infinite and an `ε` below
    /// 6e-8 is zero. Which devices do is not documented, so no pipeline has this pass; `stabilize_fp16` is exact
    /// on all.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<fp32, [2, 4]> s = square(x = x)[name = string("s")];
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([-1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> m = reduce_mean(axes = axes, keep_dims = keep, x = s)[name = string("m")];
    ///     fp32 e = const()[name = string("e"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [2, 1]> r = rsqrt(epsilon = e, x = m)[name = string("r")];
    ///     tensor<fp32, [2, 4]> y = mul(x = x, y = r)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     fp32 y_y_0 = const()[name = string("y_y_0"), val = fp32(-0x1p+0)];
    ///     tensor<fp32, [2, 4]> y_negated = mul(x = x, y = y_y_0)[name = string("y_negated")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(1)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp32, [2, 8]> y_both = concat(axis = y_axis_0, interleave = y_interleave_0, values = (x, y_negated))[name = string("y_both")];
    ///     tensor<int32, [1]> y_axes_0 = const()[name = string("y_axes_0"), val = tensor<int32, [1]>([1])];
    ///     fp32 y_epsilon_0 = const()[name = string("y_epsilon_0"), val = fp32(0x1p-10)];
    ///     tensor<fp32, [2, 8]> y_norm = layer_norm(axes = y_axes_0, epsilon = y_epsilon_0, x = y_both)[name = string("y_norm")];
    ///     tensor<int32, [2]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [2]>([0, 0])];
    ///     tensor<int32, [2]> y_size_0 = const()[name = string("y_size_0"), val = tensor<int32, [2]>([2, 4])];
    ///     tensor<fp32, [2, 4]> y = slice_by_size(begin = y_begin_0, size = y_size_0, x = y_norm)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct RmsNormToLayerNorm;
    id: "rms_norm_to_layer_norm",
    numerics: Rounding,
    patterns: [
        /// `x · rsqrt(mean(x²) + ε)`
        root_mean_square(mul),
    ],
}

fn root_mean_square(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let mut m = Match::ending(end);
    let (root, side) = rw.side_from(end, &["rsqrt"])?;
    m.remember(root);
    let x = rw.input(end, side.other().param())?;
    let mean = m.from(rw, root, "x", &["reduce_mean"])?;
    No::unless(rw.call(mean)?.bool("keep_dims")?, "the mean loses its axes")?;
    let squares = m.from(rw, mean, "x", &["mul", "square", "pow"])?;
    No::unless(squared(rw, squares)? == x, "what is scaled is not what is squared")?;
    m.closed(rw)?;
    let sizes = rw.shape(x)?;
    let mut axes = rw.call(mean)?.axes("axes", sizes.len())?;
    axes.sort_unstable();
    let &axis = axes.last().ok_or(No::miss("no axis is reduced"))?;
    let epsilon = to_dtype(&[rw.call(root)?.float("epsilon")?], rw.dtype(x)?)?.reshaped(&[])?;
    No::unless(epsilon.item_f64() != Some(0.0), "its epsilon is zero in the element type")?;

    let minus = to_dtype(&[-1.0], rw.dtype(x)?)?.reshaped(&[])?;
    let negated = step(rw, end, "negated", NewOp::new("mul").with("x", x).with("y", minus))?;
    let both = NewOp::new("concat")
        .with("axis", Tensor::scalar(axis as i32))
        .with("interleave", Tensor::bool(false))
        .with_all("values", [x.into(), negated.into()]);
    let both = step(rw, end, "both", both)?;
    let axes = ints(axes.iter().map(|&axis| axis as i64))?;
    let norm = NewOp::new("layer_norm").with("axes", axes).with("epsilon", epsilon).with("x", both);
    let norm = step(rw, end, "norm", norm)?;
    let sizes = ints(sizes.iter().map(|&size| size as i64))?;
    let begin = Tensor::ints(&vec![0; sizes.len()]);
    m.replace(rw, NewOp::new("slice_by_size").with("begin", begin).with("size", sizes).with("x", norm))
}

/// What an op squares.
fn squared(rw: &Rewrite<'_>, op: OpId) -> Result<ValueId, No> {
    match rw.graph().op(op).kind().as_str() {
        "pow" => rw.beside(op, 2.0),
        "square" => rw.input(op, "x"),
        _ => {
            let x = rw.input(op, "x")?;
            No::unless(rw.input(op, "y")? == x, "the product is not a square")?;
            Ok(x)
        }
    }
}

/// An inner op, named after the one that is replaced.
fn step(rw: &mut Rewrite<'_>, end: OpId, what: &str, new: NewOp) -> Result<ValueId, No> {
    let label = format!("{}_{what}", rw.graph().label(end));
    rw.emit_one(new.named(label), end)
}
