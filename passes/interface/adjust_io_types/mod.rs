use mil_ir::{Feature, FeatureKind, Graph, Name, Opset, Program, Release, ValueId};
use mil_pass::{Alias, OptionMap, Pass, PassCx, PassError, pass};
use mil_tensor::DType;

use super::casts::{cast_input, cast_output, redeclare, retype_feature};

pass! {
    /// Gives inputs and outputs element types that an app can hand over.
    ///
    /// Core ML takes and gives fp32 and int32, from iOS16 on fp16, from iOS26 on int8. Any other integer
    /// becomes int32 and anything else fp32; inside, a `cast` brings back what was there. Where a program
    /// cannot hold the old type either (int8 before iOS17, 64 bits), the type is replaced and no cast is
    /// made. Text, labels of a `classify` and images stay. All functions are adjusted, as an app can call
    /// each; coremltools' id adjusts `main`, and of others what no program can hold.
    ///
    /// An input that is an output stays one value, of the new type. coremltools makes two values of one name
    /// there, which the format does not allow.
    ///
    /// # Before
    /// ```mil
    /// func main<ios15>(tensor<fp16, [2]> x) {
    ///     tensor<bool, [2]> y = greater(x = x, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios15>(tensor<fp32, [2]> x) {
    ///     string x_to_fp16_dtype_0 = const()[name = string("x_to_fp16_dtype_0"), val = string("fp16")];
    ///     tensor<fp16, [2]> x_to_fp16 = cast(dtype = x_to_fp16_dtype_0, x = x)[name = string("x_to_fp16")];
    ///     tensor<bool, [2]> y_bool = greater(x = x_to_fp16, y = x_to_fp16)[name = string("y")];
    ///     string y_to_fp32_dtype_0 = const()[name = string("y_to_fp32_dtype_0"), val = string("fp32")];
    ///     tensor<fp32, [2]> y = cast(dtype = y_to_fp32_dtype_0, x = y_bool)[name = string("y_to_fp32")];
    /// } -> (y);
    /// ```
    pub struct AdjustIoTypes {
        /// Leave functions other than `main` alone, but for types that no program can hold.
        pub only_main: bool = false,
    }
    id: "adjust_io_types",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    aliases: [Alias { id: "mil_backend::adjust_io_to_supported_types", adapt }],
    statistics: [inputs: "inputs of another type now", outputs: "outputs cast"],
}

fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("only_main").or_insert(true.into());
    Ok(options)
}

impl Pass for AdjustIoTypes {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        let mut interface = program.interface.clone();
        cx.each_graph(program, |graph, cx| {
            let (function, opset) = (cx.function().clone(), cx.opset().clone());
            let features = interface.function(&function).cloned().unwrap_or_default();
            let is_called = !self.only_main || *function == *"main";
            for input in graph.root().inputs().to_vec() {
                let name = graph.value(input).name().clone();
                if features.find(&name).is_some_and(is_image) {
                    continue;
                }
                if let Some((dtype, holds)) = new_input_type(graph, &opset, input, is_called)
                    && cx.spend()
                {
                    adjust_input(graph, &opset, input, dtype, holds)?;
                    retype_feature(&mut interface, &function, &name, Some((graph, input)), dtype)?;
                    cx.count("inputs", 1);
                }
            }
            for output in graph.root().outputs().collect::<Vec<_>>().into_iter().filter(|_| is_called) {
                let name = graph.value(output).name().clone();
                if features.find(&name).is_some_and(is_image) {
                    continue;
                }
                if let Some(dtype) = new_output_type(graph, &opset, output)
                    && cx.spend()
                    && cast_output(graph, &opset, output, dtype)?
                {
                    let value = output_named(graph, &name);
                    retype_feature(
                        &mut interface,
                        &function,
                        &name,
                        value.map(|value| (&*graph, value)),
                        dtype,
                    )?;
                    cx.count("outputs", 1);
                }
            }
            Ok(())
        })?;
        program.interface = interface;
        Ok(())
    }
}

fn is_image(feature: &Feature) -> bool {
    matches!(feature.kind, Some(FeatureKind::Image(_)))
}

fn output_named(graph: &Graph, name: &Name) -> Option<ValueId> {
    graph.root().outputs().find(|&value| graph.value(value).name() == name)
}

/// An app can hand over arrays of this type.
fn is_for_apps(dtype: DType, release: Release) -> bool {
    match dtype {
        DType::Fp32 | DType::Int32 => true,
        DType::Fp16 => release >= Release::IOS16,
        DType::Int8 => release >= Release::IOS26,
        _ => false,
    }
}

/// A program can hold values of this type.
fn is_for_programs(dtype: DType, release: Release) -> bool {
    match dtype {
        DType::Fp16 | DType::Fp32 | DType::Int32 | DType::Bool | DType::String => true,
        DType::Int8 | DType::Uint8 | DType::Int16 | DType::Uint16 => release >= Release::IOS17,
        _ => false,
    }
}

/// The type that takes the place of one which an app cannot hand over.
fn substitute(dtype: DType) -> DType {
    if dtype.is_int() { DType::Int32 } else { DType::Fp32 }
}

/// The type that an input gets, and whether programs can hold what it has; `None` where it keeps its own.
fn new_input_type(graph: &Graph, opset: &Opset, input: ValueId, is_called: bool) -> Option<(DType, bool)> {
    let (dtype, release) = graph.value(input).ty().dtype().zip(opset.release())?;
    let holds = is_for_programs(dtype, release);
    let fits = if is_called { is_for_apps(dtype, release) } else { holds };
    (!fits && !is_other(dtype)).then(|| (substitute(dtype), holds))
}

fn adjust_input(
    graph: &mut Graph,
    opset: &Opset,
    input: ValueId,
    dtype: DType,
    holds: bool,
) -> Result<(), PassError> {
    if holds {
        return cast_input(graph, opset, input, dtype);
    }
    let ty = graph.value(input).ty().with_dtype(dtype);
    graph.retype(input, ty);
    redeclare(graph, opset, input);
    Ok(())
}

/// The type that an output is cast to; `None` where it keeps its own.
fn new_output_type(graph: &Graph, opset: &Opset, output: ValueId) -> Option<DType> {
    let (dtype, release) = graph.value(output).ty().dtype().zip(opset.release())?;
    let is_label = graph.definition(output).is_some_and(|op| graph.op(op).kind() == "classify");
    (!is_for_apps(dtype, release) && !is_label && !is_other(dtype)).then(|| substitute(dtype))
}

/// Neither a number nor a flag.
fn is_other(dtype: DType) -> bool {
    matches!(dtype, DType::String | DType::Unknown(_))
}
