use mil_ir::{Graph, NewOp, OpId};
use mil_pass::{Alias, Miss, Pass, PassCx, PassError, Pattern, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes `leaky_relu` of a `prelu` whose slopes are all equal.
    ///
    /// The slopes must be constant and equal in every bit.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3]> x) {
    ///     tensor<fp32, [2]> a = const()[name = string("a"), val = tensor<fp32, [2]>([0x1p-2, 0x1p-2])];
    ///     tensor<fp32, [1, 2, 3]> y = prelu(alpha = a, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2, 3]> x) {
    ///     fp32 y_alpha_0 = const()[name = string("y_alpha_0"), val = fp32(0x1p-2)];
    ///     tensor<fp32, [1, 2, 3]> y = leaky_relu(alpha = y_alpha_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct PreluToLeakyRelu;
    id: "prelu_to_leaky_relu",
    numerics: Exact,
    aliases: [Alias::plain("common::prelu_to_lrelu")],
    patterns: [equal: "`prelu` with one slope for all channels"],
}

const PATTERNS: &[Pattern<PreluToLeakyRelu>] =
    &[Pattern { name: "equal", anchors: &["prelu"], apply: equal }];

impl Pass for PreluToLeakyRelu {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        cx.rewrite(self, PATTERNS, graph)
    }
}

fn equal(_: &PreluToLeakyRelu, rw: &mut Rewrite<'_>, prelu: OpId) -> Result<(), Miss> {
    let x = rw.input(prelu, "x")?;
    let slopes = rw.constant(prelu, "alpha")?;
    let slope = slopes.splat_value()?.ok_or(Miss::new("the slopes differ"))?;
    let name = format!("{}_alpha_0", rw.graph().label(prelu));
    let alpha = rw.tensor(&name, Tensor::from_f64s(slopes.dtype(), &[], &[slope])?, prelu);
    rw.replace_op(prelu, NewOp::new("leaky_relu").with("x", x).with("alpha", alpha), &[])
}
