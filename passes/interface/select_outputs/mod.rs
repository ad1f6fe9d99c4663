use std::collections::HashSet;

use mil_ir::{ArrayFeature, Feature, FeatureKind, Graph, InterfaceError, Name, NewOp, OpId, Opset, Program};
use mil_ir::{Release, ValueId};
use mil_ops::can_erase;
use mil_pass::{Pass, PassCx, PassError, Rewrite, pass};
use mil_tensor::DType;

use super::casts::cast_output;

pass! {
    /// Cuts a function at some values: they become its outputs, and what nothing needs then goes.
    ///
    /// A value is named as the program names it, or by the label of its op. Those that were outputs keep
    /// their features; others get one, cast to fp32 or int32 where an app cannot take their type. A constant
    /// or an input gets an `identity` that is the output. A value of an inner block cannot be one. Writes of
    /// states stay. Inputs and states that only the cut ops used go, unless they are to stay.
    ///
    /// # Before
    /// ```mil
    /// // options: {outputs=["h"]}
    /// func main<ios17>(tensor<fp32, [2]> x, tensor<fp32, [2]> z) {
    ///     tensor<bool, [2]> h = greater(x = x, y = x)[name = string("h")];
    ///     tensor<fp32, [2]> a = exp(x = x)[name = string("a")];
    ///     tensor<fp32, [2]> y = add(x = a, y = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<bool, [2]> h_bool = greater(x = x, y = x)[name = string("h")];
    ///     string h_to_int32_dtype_0 = const()[name = string("h_to_int32_dtype_0"), val = string("int32")];
    ///     tensor<int32, [2]> h = cast(dtype = h_to_int32_dtype_0, x = h_bool)[name = string("h_to_int32")];
    /// } -> (h);
    /// ```
    pub struct SelectOutputs {
        /// The outputs, in order; none: the function stays as it is.
        pub outputs: Vec<String> = Vec::new(),
        /// The function; empty: the one that runs where an app names none.
        pub function: String = String::new(),
        /// Keep inputs and states that nothing uses any more.
        pub keep_inputs: bool = false,
    }
    id: "select_outputs",
    numerics: Exact,
    scope: Program,
    changes_interface: true,
    statistics: [
        added: "outputs added",
        removed: "outputs removed",
        erased: "ops erased",
        inputs: "inputs and states removed",
    ],
}

impl Pass for SelectOutputs {
    fn run(&self, program: &mut Program, cx: &mut PassCx<'_>) -> Result<(), PassError> {
        if self.outputs.is_empty() {
            return Ok(());
        }
        let mut seen = HashSet::new();
        if let Some(twice) = self.outputs.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(PassError::Refused(format!("{twice} is named twice")));
        }
        let name = self.function(program)?;
        let features = program.interface.function(&name).cloned();
        let features = features.ok_or_else(|| InterfaceError::NoFunction(name.clone()))?;
        let current: Vec<&str> = features.outputs.iter().map(|feature| feature.name.as_str()).collect();
        for predicted in [&features.predicted_feature, &features.predicted_probabilities] {
            if !predicted.is_empty() && !self.outputs.iter().any(|output| **output == **predicted) {
                let why = format!("{predicted} is what the classifier predicts, and stays an output");
                return Err(PassError::Refused(why));
            }
        }
        let function =
            program.functions.get_mut(&name).ok_or_else(|| InterfaceError::NoFunction(name.clone()))?;
        let mut is_done = true;
        for graph in function.specializations.values() {
            is_done &= self.values(graph)?.into_iter().eq(graph.root().outputs());
        }
        if is_done || !cx.spend() {
            return Ok(());
        }
        let mut outputs = Vec::new();
        let mut unused: Option<HashSet<Name>> = None;
        for (opset, graph) in &mut function.specializations {
            if opset.release().is_none() {
                let (function, opset) = (name.clone(), opset.to_string());
                return Err(PassError::UnknownOpset { function, opset });
            }
            let before = unused_inputs(graph);
            outputs = self.cut(graph, opset, &features.outputs)?;
            cx.count("erased", erase_unneeded(graph)?);
            let mut lost = unused_inputs(graph);
            lost.retain(|input| !before.contains(input));
            unused = Some(unused.map_or(lost.clone(), |all| all.intersection(&lost).cloned().collect()));
        }
        let was = |feature: &&Feature| current.contains(&feature.name.as_str());
        let kept = outputs.iter().filter(was).count();
        cx.count("added", (outputs.len() - kept) as u64);
        cx.count("removed", (current.len() - kept) as u64);
        program.interface.set_outputs(&name, outputs)?;
        if !self.keep_inputs {
            let lost = unused.unwrap_or_default();
            cx.count("inputs", remove_inputs(program, &name, &lost)?);
        }
        let least = program.interface.function(&name).map(|features| features.least_release());
        program.interface.raise_target(least.unwrap_or(Release::IOS15));
        Ok(())
    }
}

impl SelectOutputs {
    fn function(&self, program: &Program) -> Result<Name, PassError> {
        if !self.function.is_empty() {
            return Ok(self.function.as_str().into());
        }
        let main = program.functions.keys().find(|name| ***name == *"main");
        let only = || program.functions.keys().next().filter(|_| program.functions.len() == 1);
        let default = program.interface.default_function.as_ref().or(main).or_else(only).cloned();
        default.ok_or_else(|| PassError::Refused("no function is the default: name the `function`".into()))
    }

    /// The values that are to be outputs; for a constant or an input its `identity`, where it has one.
    fn values(&self, graph: &Graph) -> Result<Vec<ValueId>, PassError> {
        let mut values = Vec::new();
        for name in &self.outputs {
            let value = find(graph, name)?;
            let value =
                if is_computed(graph, value) { value } else { identity_of(graph, value).unwrap_or(value) };
            if values.contains(&value) {
                return Err(PassError::Refused(format!("{name} is named in two ways")));
            }
            values.push(value);
        }
        Ok(values)
    }

    /// Makes the outputs of a graph, and the features that say so.
    fn cut(&self, graph: &mut Graph, opset: &Opset, old: &[Feature]) -> Result<Vec<Feature>, PassError> {
        let values = self.values(graph)?;
        graph.set_outputs(Graph::ROOT, values.iter().copied());
        let mut features = Vec::new();
        for value in values {
            let name = graph.value(value).name().clone();
            if let Some(feature) = old.iter().find(|feature| feature.name == name) {
                features.push(feature.clone());
                continue;
            }
            let value = own_value(graph, opset, value)?;
            features.push(new_feature(graph, opset, value)?);
        }
        Ok(features)
    }
}

/// The value of this name, or the only result of the op with this label.
fn find(graph: &Graph, name: &str) -> Result<ValueId, PassError> {
    let is_state = |value: ValueId| graph.value(value).ty().as_state().is_some();
    let results = || graph.walk().flat_map(|op| graph.op(op).results());
    let inputs = graph.root().inputs().iter().filter(|&&value| !is_state(value));
    let named = results().chain(inputs).copied().find(|&value| *graph.value(value).name() == *name);
    let labelled = || graph.walk().find(|&op| graph.op(op).name().is_some_and(|label| *label == *name));
    let found = named.or_else(|| labelled().and_then(|op| graph.op(op).result()));
    let Some(value) = found else {
        return Err(PassError::Refused(format!(
            "there is no value {name}, nor an op of that name with one result"
        )));
    };
    if graph.home(value) != Graph::ROOT {
        return Err(PassError::Refused(format!(
            "{name} is inside of an inner block: it cannot be an output"
        )));
    }
    Ok(value)
}

/// The value is neither an input nor a constant.
fn is_computed(graph: &Graph, value: ValueId) -> bool {
    graph.definition(value).is_some_and(|op| graph.op(op).kind() != "const")
}

/// What an `identity` at the end of the graph gives for a value.
fn identity_of(graph: &Graph, value: ValueId) -> Option<ValueId> {
    let mut results = graph.users(value).filter(|&op| graph.op(op).kind() == "identity");
    results.find_map(|op| graph.op(op).result().filter(|&result| graph.is_output(result)))
}

/// An output that is a value of its own: what comes in, and what is constant, by way of an `identity`.
fn own_value(graph: &mut Graph, opset: &Opset, value: ValueId) -> Result<ValueId, PassError> {
    if is_computed(graph, value) {
        return Ok(value);
    }
    let end = graph.root().return_op();
    let label = format!("{}_output", graph.value(value).name());
    let identity = NewOp::new("identity").named(label).with("x", value);
    let own = Rewrite::new(graph, opset).emit_one(identity, end)?;
    graph.replace_uses_if(value, own, |user| user == end);
    Ok(own)
}

/// The feature of a new output, cast where an app cannot take its type.
fn new_feature(graph: &mut Graph, opset: &Opset, value: ValueId) -> Result<Feature, PassError> {
    let name = graph.value(value).name().clone();
    let ty = graph.value(value).ty().clone();
    let refuse = || PassError::Refused(format!("{name} is a {ty}, which cannot be an output"));
    if let Some(fault) = mil_ir::verify::name_fault("an output", &name) {
        return Err(PassError::Refused(fault));
    }
    let dtype = ty.dtype().ok_or_else(refuse)?;
    let release = opset.release().unwrap_or(Release::IOS15);
    let given = match dtype {
        DType::Fp32 | DType::Int32 => dtype,
        DType::Fp16 if release >= Release::IOS16 => dtype,
        DType::Int8 if release >= Release::IOS26 => dtype,
        DType::Fp16 | DType::Fp64 | DType::Bf16 => DType::Fp32,
        DType::String | DType::Unknown(_) => return Err(refuse()),
        _ => DType::Int32,
    };
    cast_output(graph, opset, value, given)?;
    // As coremltools writes them: a shape that is not fixed is not declared.
    let size = |size: usize| i64::try_from(size).ok();
    let shape = ty.fixed_shape().unwrap_or_default().into_iter().map(size).collect::<Option<_>>();
    let array = shape.and_then(|shape| ArrayFeature::new(given, shape)).ok_or_else(refuse)?;
    Ok(Feature {
        name,
        doc: String::new(),
        kind: Some(FeatureKind::Array(array)),
        optional: false,
        carried: None,
    })
}

/// Erases the ops whose results nothing uses, users before what they use.
fn erase_unneeded(graph: &mut Graph) -> Result<u64, PassError> {
    let mut count = 0;
    let ops: Vec<OpId> = graph.walk().collect();
    for op in ops.into_iter().rev() {
        if graph.is_live(op) && can_erase(graph, op) {
            graph.erase(op)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Names of the inputs and states that nothing uses.
fn unused_inputs(graph: &Graph) -> HashSet<Name> {
    let inputs = graph.root().inputs().iter().copied().filter(|&value| graph.is_unused(value));
    inputs.map(|value| graph.value(value).name().clone()).collect()
}

/// Removes inputs and states, but for the last input.
fn remove_inputs(program: &mut Program, function: &str, lost: &HashSet<Name>) -> Result<u64, PassError> {
    let features = program.interface.function(function).cloned().unwrap_or_default();
    let is_lost = |feature: &&Feature| lost.contains(&feature.name);
    let keeps_all = features.inputs.iter().all(|input| is_lost(&input));
    let kept = features.inputs.first().filter(|_| keeps_all).map(|input| input.name.clone());
    let mut count = 0;
    for feature in features.inputs.iter().chain(&features.states).filter(is_lost) {
        if Some(&feature.name) == kept.as_ref() {
            continue;
        }
        let graphs = program.functions.get_mut(function).into_iter();
        for graph in graphs.flat_map(|function| function.specializations.values_mut()) {
            if let Some(input) = graph.input_named(&feature.name) {
                graph.remove_input(Graph::ROOT, input);
            }
        }
        program.interface.remove_input(function, &feature.name)?;
        count += 1;
    }
    Ok(count)
}
