mod steps;

use mil_ir::{Dim, NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::ints;
use steps::steps;

pass! {
    /// Moves elements by transposes of five axes at most, which is what Core ML runs.
    ///
    /// A `reshape` to six axes or more, a `transpose`, a `reshape` back: axes of size 1 fall away, axes that
    /// stay neighbours are one, and if more than five remain, blocks of them are moved step by step, as many
    /// at once as five axes allow. One size may be unknown. The values between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [4, 6]> x) {
    ///     tensor<int32, [6]> shape = const()[name = string("shape"), val = tensor<int32, [6]>([1, 2, 2, 1, 2, 3])];
    ///     tensor<fp32, [1, 2, 2, 1, 2, 3]> high = reshape(shape = shape, x = x)[name = string("high")];
    ///     tensor<int32, [6]> perm = const()[name = string("perm"), val = tensor<int32, [6]>([0, 3, 4, 5, 1, 2])];
    ///     tensor<fp32, [1, 1, 2, 3, 2, 2]> moved = transpose(perm = perm, x = high)[name = string("moved")];
    ///     tensor<int32, [2]> back = const()[name = string("back"), val = tensor<int32, [2]>([6, 4])];
    ///     tensor<fp32, [6, 4]> y = reshape(shape = back, x = moved)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [4, 6]> x) {
    ///     tensor<int32, [2]> y_shape_0 = const()[name = string("y_shape_0"), val = tensor<int32, [2]>([4, 6])];
    ///     tensor<fp32, [4, 6]> moved_split_0 = reshape(shape = y_shape_0, x = x)[name = string("moved_split_0")];
    ///     tensor<int32, [2]> y_perm_0 = const()[name = string("y_perm_0"), val = tensor<int32, [2]>([1, 0])];
    ///     tensor<fp32, [6, 4]> moved_step_0 = transpose(perm = y_perm_0, x = moved_split_0)[name = string("moved_step_0")];
    ///     tensor<int32, [2]> y_shape_1 = const()[name = string("y_shape_1"), val = tensor<int32, [2]>([6, 4])];
    ///     tensor<fp32, [6, 4]> y = reshape(shape = y_shape_1, x = moved_step_0)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ExpandHighRankReshapeAndTranspose;
    id: "expand_high_rank_reshape_and_transpose",
    numerics: Exact,
    aliases: [Alias::plain("common::expand_high_rank_reshape_and_transpose")],
    patterns: [
        /// `reshape`, `transpose`, `reshape`
        reshaped(reshape),
        /// the same with `expand_dims` before or `squeeze` behind
        ours other_views(reshape | squeeze),
    ],
}

fn reshaped(rw: &mut Rewrite<'_>, last: OpId) -> Matched {
    between(rw, last, &["reshape"])
}

fn other_views(rw: &mut Rewrite<'_>, last: OpId) -> Matched {
    let first = if rw.is(last, &["squeeze"]) { &["reshape", "expand_dims"][..] } else { &["expand_dims"] };
    between(rw, last, first)
}

fn between(rw: &mut Rewrite<'_>, last: OpId, firsts: &[&str]) -> Matched {
    let transpose = rw.producer(last, "x", &["transpose"])?;
    rw.used_only_by(transpose, last)?;
    let first = rw.producer(transpose, "x", firsts)?;
    rw.used_only_by(first, transpose)?;
    let high = rw.result(first)?;
    No::unless(rw.rank(high)? > 5, "there are no more than five axes")?;
    let result = rw.result(last)?;
    No::unless(rw.rank(result)? <= 5, "the result has more than five axes")?;
    let back = sizes(rw.ty(result).dims().unwrap_or_default())?;
    let shape = sizes(rw.ty(high).dims().unwrap_or_default())?;
    let order = rw.call(transpose)?.order("perm")?;

    let label = rw.graph().label(transpose).to_string();
    let mut value = rw.input(first, "x")?;
    for (number, step) in steps(&shape, &order)?.into_iter().enumerate() {
        let split = NewOp::new("reshape").with("x", value).with("shape", ints(step.shape)?);
        let split = rw.emit_one(split.named(format!("{label}_split_{number}")), last)?;
        let order = ints(step.order.into_iter().map(|axis| axis as i64))?;
        let moved = NewOp::new("transpose").with("x", split).with("perm", order);
        value = rw.emit_one(moved.named(format!("{label}_step_{number}")), last)?;
    }
    let new = NewOp::new("reshape").with("x", value).with("shape", ints(back)?);
    rw.replace(last, new, &[transpose, first])
}

/// Sizes as `reshape` takes them, with one -1 at most.
fn sizes(dims: &[Dim]) -> Result<Vec<i64>, No> {
    let size = |dim: &Dim| dim.fixed().map_or(Ok(-1), i64::try_from);
    let sizes: Result<Vec<i64>, _> = dims.iter().map(size).collect();
    let sizes = sizes.map_err(|_| No::miss("a size is beyond 63 bits"))?;
    No::unless(!sizes.contains(&0), "the value has no elements")?;
    let unknown = sizes.iter().filter(|&&size| size == -1).count();
    No::unless(unknown <= 1, "more than one size is not known")?;
    Ok(sizes)
}
