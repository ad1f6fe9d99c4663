use mil_ir::{Graph, NewOp, ValueId};
use mil_pass::{Alias, Pass, PassCx, PassError, Rewrite, pass};

pass! {
    /// Gives an input that nothing uses an `identity` that takes it.
    ///
    /// What coremltools ends its pipeline with; nothing uses the result, so that it must come after
    /// `dead_code_elimination`. States are left alone: coremltools 9.0 gives them an `identity`, which no
    /// state can have.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [2]> z) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [2]> z) {
    ///     tensor<fp32, [2]> y = exp(x = x)[name = string("y")];
    ///     tensor<fp32, [2]> z_tmp = identity(x = z)[name = string("z_tmp")];
    /// } -> (y);
    /// ```
    pub struct HandleUnusedInputs;
    id: "handle_unused_inputs",
    numerics: Exact,
    aliases: [Alias::plain("nn_backend::handle_unused_inputs")],
    statistics: [used: "inputs that are used now"],
}

impl Pass for HandleUnusedInputs {
    fn run_on_graph(&self, graph: &mut Graph, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let is_unused =
            |value: &ValueId| graph.is_unused(*value) && graph.value(*value).ty().as_tensor().is_some();
        let unused: Vec<ValueId> = graph.root().inputs().iter().copied().filter(is_unused).collect();
        let end = graph.root().return_op();
        let opset = cx.opset().clone();
        for input in unused {
            if !cx.spend() {
                break;
            }
            let label = format!("{}_tmp", graph.value(input).name());
            let identity = NewOp::new("identity").named(label).with("x", input);
            Rewrite::new(graph, &opset).emit_one(identity, end)?;
            cx.count("used", 1);
        }
        Ok(())
    }
}
