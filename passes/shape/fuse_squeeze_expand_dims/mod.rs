use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Makes an `identity` of a `squeeze` and an `expand_dims` that cancel.
    ///
    /// They cancel where the second inserts the axes that the first removes, or where both sizes are static
    /// and equal: neither op moves an element. The value between must have no other use. `noop_elimination`
    /// removes the `identity`.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3, 1, 4]> x) {
    ///     tensor<int32, [1]> one = const()[name = string("one"), val = tensor<int32, [1]>([1])];
    ///     tensor<fp32, [3, 4]> z = squeeze(axes = one, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 1, 4]> y = expand_dims(axes = one, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [3, 1, 4]> x) {
    ///     tensor<fp32, [3, 1, 4]> y = identity(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseSqueezeExpandDims;
    id: "fuse_squeeze_expand_dims",
    numerics: Exact,
    aliases: [Alias::plain("common::fuse_squeeze_expand_dims")],
    patterns: [
        /// `squeeze`, then `expand_dims`
        pair(expand_dims),
    ],
}

fn pair(rw: &mut Rewrite<'_>, expand: OpId) -> Matched {
    let squeeze = rw.producer(expand, "x", &["squeeze"])?;
    rw.used_only_by(squeeze, expand)?;
    let x = rw.input(squeeze, "x")?;
    if rw.same_type(x, rw.result(expand)?).is_err() {
        No::unless(same_axes(rw, squeeze, expand)?, "they do not cancel")?;
    }
    rw.replace(expand, NewOp::new("identity").with("x", x), &[squeeze])
}

/// The axes that go are those that come back.
fn same_axes(rw: &Rewrite<'_>, squeeze: OpId, expand: OpId) -> Result<bool, No> {
    let rank = rw.rank(rw.input(squeeze, "x")?)?;
    let sorted = |op: OpId| -> Result<Vec<usize>, No> {
        let mut axes = rw.call(op)?.axes("axes", rank)?;
        axes.sort_unstable();
        Ok(axes)
    };
    Ok(rw.rank(rw.result(expand)?)? == rank && sorted(squeeze)? == sorted(expand)?)
}
