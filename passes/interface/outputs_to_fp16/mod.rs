use mil_ir::{Feature, FeatureKind, Graph, Name, Program, Release, ValueId};
use mil_pass::{Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::DType;

pass! {
    /// Gives outputs as the fp16 numbers that they are, in place of casting them to fp32.
    ///
    /// From iOS16 on an app may take arrays of fp16. coremltools' converter makes such outputs of a program in
    /// fp16 unless it is told the types; in a file the interface changes, so that only who asks for it gets
    /// this pass. An output stays as it is where the fp16 value is an output or an input itself.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [2]> x) {
    ///     tensor<fp16, [2]> h = exp(x = x)[name = string("h")];
    ///     string fp32 = const()[name = string("fp32"), val = string("fp32")];
    ///     tensor<fp32, [2]> y = cast(dtype = fp32, x = h)[name = string("y")];
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
    ///     tensor<fp16, [2]> y = exp(x = x)[name = string("h")];
    /// } -> (y);
    /// model {
    ///     specification_version = 8;
    ///     function main {
    ///         input x: array<fp16, [2]>;
    ///         output y: array<fp16, [2]>;
    ///     };
    /// }
    /// ```
    pub struct OutputsToFp16;
    id: "outputs_to_fp16",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        outputs: "outputs given in fp16",
    ],
}

impl Pass for OutputsToFp16 {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        if program.interface.release() < Some(Release::IOS16) {
            return Ok(());
        }
        let Program { interface, functions, .. } = program;
        for (name, function) in functions.iter_mut() {
            let Some(features) = interface.function(name) else { continue };
            let is_single = |feature: &Feature| match &feature.kind {
                Some(FeatureKind::Array(array)) => array.dtype() == Some(DType::Fp32),
                _ => false,
            };
            let outputs = features.outputs.iter().filter(|feature| is_single(feature));
            let outputs: Vec<Name> = outputs.map(|feature| feature.name.clone()).collect();
            for output in outputs {
                let known = function.specializations.keys().all(|opset| opset.release().is_some());
                let all = function.specializations.values().all(|graph| half_of(graph, &output).is_some());
                if !known || !all || !cx.spend() {
                    continue;
                }
                for (opset, graph) in &mut function.specializations {
                    let Some((value, half)) = half_of(graph, &output) else { continue };
                    let outputs =
                        graph.root().outputs().map(|other| if other == value { half } else { other });
                    graph.set_outputs(Graph::ROOT, outputs.collect::<Vec<_>>());
                    let hidden = graph.fresh_name(&format!("{output}_fp32"));
                    graph.rename_value(value, hidden);
                    graph.rename_value(half, output.clone());
                    let cast: Vec<_> = graph.definition(value).into_iter().collect();
                    Rewrite::new(graph, opset).erase_unused(&cast);
                }
                interface.retype_feature(name, &output, DType::Fp16)?;
                cx.count("outputs", 1);
            }
        }
        Ok(())
    }
}

/// An output that is cast from fp16 to fp32, and the fp16 value, which is neither an input nor an output.
fn half_of(graph: &Graph, output: &str) -> Option<(ValueId, ValueId)> {
    let mut outputs = graph.root().outputs();
    let value = outputs.find(|&value| **graph.value(value).name() == *output)?;
    let cast = graph.definition(value).filter(|&cast| graph.op(cast).kind() == "cast")?;
    let half = graph.input(cast, "x")?;
    let dtype = |value: ValueId| graph.value(value).ty().dtype();
    let is_cast = dtype(value) == Some(DType::Fp32) && dtype(half) == Some(DType::Fp16);
    let free =
        !graph.is_block_output(half) && graph.definition(half).is_some() && graph.home(half) == Graph::ROOT;
    (is_cast && free).then_some((value, half))
}
