use mil_ir::{FeatureKind, Program};
use mil_pass::{Alias, Pass, PassCx, PassError, pass};
use mil_tensor::DType;

use super::casts::cast_output;

pass! {
    /// Casts outputs to the element types that the interface states.
    ///
    /// What an app is promised holds, whatever a pass or a tool made of the op behind an output. In
    /// coremltools, the types that a conversion was asked for are followed so; in a file these are the
    /// features. An input that is an output keeps its type.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> y = exp(x = x)[name = string("y")];
    /// } -> (y);
    /// model {
    ///     specification_version = 8;
    ///     function main {
    ///         input x: array<fp16, [2]>;
    ///         output y: array<fp32, [2]>;
    ///     };
    /// }
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> y_fp16 = exp(x = x)[name = string("y")];
    ///     string y_to_fp32_dtype_0 = const()[name = string("y_to_fp32_dtype_0"), val = string("fp32")];
    ///     tensor<fp32, [2]> y = cast(dtype = y_to_fp32_dtype_0, x = y_fp16)[name = string("y_to_fp32")];
    /// } -> (y);
    /// model {
    ///     specification_version = 8;
    ///     function main {
    ///         input x: array<fp16, [2]>;
    ///         output y: array<fp32, [2]>;
    ///     };
    /// }
    /// ```
    pub struct MatchOutputTypes;
    id: "match_output_types",
    numerics: Rounding,
    scope: Program,
    changes_interface: true,
    aliases: [Alias::plain("common::update_output_dtypes")],
    statistics: [
        cast: "outputs cast",
        inputs: "outputs of another type left alone because they are inputs",
    ],
}

impl Pass for MatchOutputTypes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let interface = program.interface.clone();
        cx.each_graph(program, |graph, cx| {
            let Some(features) = interface.function(cx.function()) else { return Ok(()) };
            let opset = cx.opset().clone();
            for output in graph.root().outputs().collect::<Vec<_>>() {
                let name = graph.value(output).name();
                let feature = features.outputs.iter().find(|feature| feature.name == *name);
                let Some(FeatureKind::Array(array)) = feature.and_then(|feature| feature.kind.as_ref())
                else {
                    continue;
                };
                let own = graph.value(output).ty().dtype();
                let Some(dtype) = array.dtype().filter(|&dtype| own.is_some_and(|own| own != dtype)) else {
                    continue;
                };
                if own == Some(DType::String) || !cx.spend() {
                    continue;
                }
                let cast = cast_output(graph, &opset, output, dtype)?;
                cx.count(if cast { "cast" } else { "inputs" }, 1);
            }
            Ok(())
        })
    }
}
