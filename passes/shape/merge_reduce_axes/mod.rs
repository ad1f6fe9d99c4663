use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Lets a reduction keep or drop its axes itself.
    ///
    /// A `squeeze` or `reshape` that removes the axes of size 1 which a reduction keeps, and an `expand_dims`
    /// or `reshape` that puts back those which it drops, fall away. Where sizes are not known, the axes must be
    /// the same. The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<int32, [1]> last = const()[name = string("last"), val = tensor<int32, [1]>([-1])];
    ///     bool keep = const()[name = string("keep"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> r = reduce_mean(axes = last, keep_dims = keep, x = x)[name = string("r")];
    ///     tensor<fp32, [2]> s = squeeze(axes = last, x = r)[name = string("s")];
    ///     tensor<fp32, [2]> y = relu(x = s)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<int32, [1]> last = const()[name = string("last"), val = tensor<int32, [1]>([-1])];
    ///     bool s_keep_dims_0 = const()[name = string("s_keep_dims_0"), val = bool(false)];
    ///     tensor<fp32, [2]> s = reduce_mean(axes = last, keep_dims = s_keep_dims_0, x = x)[name = string("s")];
    ///     tensor<fp32, [2]> y = relu(x = s)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeReduceAxes;
    id: "merge_reduce_axes",
    numerics: Exact,
    aliases: [],
    patterns: [
        /// a reduction that keeps its axes, then `squeeze` or `reshape`
        dropped(squeeze | reshape),
        /// a reduction that drops its axes, then `expand_dims` or `reshape`
        kept(expand_dims | reshape),
    ],
}

const REDUCTIONS: &[&str] = &[
    "reduce_argmax",
    "reduce_argmin",
    "reduce_l1_norm",
    "reduce_l2_norm",
    "reduce_log_sum",
    "reduce_log_sum_exp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reduce_sum_square",
];

fn dropped(rw: &mut Rewrite<'_>, view: OpId) -> Matched {
    let reduction = reduction(rw, view, true)?;
    let same = rw.is(view, &["squeeze"])
        && rw.call(view)?.is_given("axes")
        && sorted(rw.call(view)?.axes("axes", rank(rw, reduction)?)?) == reduced(rw, reduction)?;
    flip(rw, reduction, view, same)
}

fn kept(rw: &mut Rewrite<'_>, view: OpId) -> Matched {
    let reduction = reduction(rw, view, false)?;
    let same = rw.is(view, &["expand_dims"])
        && rw.rank(rw.result(view)?)? == rank(rw, reduction)?
        && sorted(rw.call(view)?.axes("axes", rank(rw, reduction)?)?) == reduced(rw, reduction)?;
    flip(rw, reduction, view, same)
}

/// The reduction behind a view, which keeps its axes or does not.
fn reduction(rw: &Rewrite<'_>, view: OpId, keeps: bool) -> Result<OpId, No> {
    let reduction = rw.producer(view, "x", REDUCTIONS)?;
    rw.used_only_by(reduction, view)?;
    let reason = if keeps { "the reduction drops its axes" } else { "the reduction keeps its axes" };
    No::unless(rw.call(reduction)?.bool("keep_dims")? == keeps, reason)?;
    Ok(reduction)
}

fn rank(rw: &Rewrite<'_>, reduction: OpId) -> Result<usize, No> {
    rw.rank(rw.input(reduction, "x")?)
}

/// The axes of a reduction, sorted.
fn reduced(rw: &Rewrite<'_>, reduction: OpId) -> Result<Vec<usize>, No> {
    let (call, rank) = (rw.call(reduction)?, rank(rw, reduction)?);
    let axes = if call.version().param("axis").is_some() {
        vec![call.axis("axis", rank)?]
    } else if call.is_given("axes") {
        call.axes("axes", rank)?
    } else {
        (0..rank).collect()
    };
    Ok(sorted(axes))
}

fn sorted(mut axes: Vec<usize>) -> Vec<usize> {
    axes.sort_unstable();
    axes.dedup();
    axes
}

/// The reduction in the place of the view, with its axes the other way. A view changes no order of elements:
/// where all sizes are known, they say enough.
fn flip(rw: &mut Rewrite<'_>, reduction: OpId, view: OpId, same_axes: bool) -> Matched {
    let keep = !rw.call(reduction)?.bool("keep_dims")?;
    if !same_axes {
        let axes = reduced(rw, reduction)?;
        let wanted = rw.shape(rw.input(reduction, "x")?)?;
        let sizes = wanted.iter().enumerate().filter_map(|(axis, &size)| match axes.contains(&axis) {
            true => keep.then_some(1),
            false => Some(size),
        });
        let sizes: Vec<usize> = sizes.collect();
        No::unless(rw.shape(rw.result(view)?)? == sizes, "other axes are removed or put back")?;
    }
    let new: NewOp = rw.like(reduction)?.set("keep_dims", Tensor::bool(keep));
    rw.replace(view, new, &[reduction])
}
