use mil_ir::{Graph, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};

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
    patterns: [pair: "`relu`, then `relu`"],
}

const PATTERNS: &[Pattern<MergeConsecutiveRelus>] =
    &[Pattern { name: "pair", anchors: &["relu"], apply: pair }];

impl Pass for MergeConsecutiveRelus {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn pair(_: &MergeConsecutiveRelus, rw: &mut Rewrite<'_>, second: OpId) -> Result<(), Miss> {
    let first = rw.producer(second, "x", &["relu"])?;
    rw.used_only_by(first, second)?;
    let value = rw.result(first)?;
    rw.forward(second, &[value], &[])
}
