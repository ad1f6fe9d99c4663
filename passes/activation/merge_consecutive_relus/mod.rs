use mil_ir::OpId;
use mil_pass::{Alias, Matched, Rewrite, pass};

pass! {
    /// Removes a `relu` of a `relu`.
    ///
    /// The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> z = relu(x = x)[name = string("z")];
    ///     tensor<fp32, [2]> y = relu(x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<fp32, [2]> y = relu(x = x)[name = string("z")];
    /// } -> (y);
    /// ```
    pub struct MergeConsecutiveRelus;
    id: "merge_consecutive_relus",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_consecutive_relus")],
    patterns: [
        /// `relu`, then `relu`
        pair(relu),
    ],
}

fn pair(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    let first = rw.producer(second, "x", &["relu"])?;
    rw.used_only_by(first, second)?;
    let value = rw.result(first)?;
    rw.replace_with_existing(second, &[value], &[])
}
