//! An input and an output become a state.

use mil_ir::{
    ArrayFeature, At, FeatureKind, FunctionInterface, Graph, Interface, Literal, Name, NewOp, OpId, Program,
    Release, Type, TypeKind, ValueId,
};
use mil_pass::PassError;
use mil_tensor::{DType, Tensor};

use super::Named;
use super::proof::{Pair, grown};

/// Core ML's states hold elements of this type only.
const HELD: DType = DType::Fp16;

/// Why a pair cannot become a state.
pub(super) fn can_be_state(
    program: &Program,
    function: &Name,
    graph: &Graph,
    pair: &Pair,
    max_length: Option<usize>,
) -> Result<(), String> {
    let specializations = program.function(function).map(|function| &function.specializations);
    let releases = specializations.into_iter().flat_map(|graphs| graphs.keys()).map(|opset| opset.release());
    for release in releases {
        match release {
            Some(release) if release >= Release::IOS18 => {}
            Some(release) => {
                return Err(format!(
                    "states need iOS18, and the program is for {release}: raise its target first"
                ));
            }
            None => return Err("the program is for a release that this version does not know".to_owned()),
        }
    }
    let [past, present] = [pair.past, pair.present].map(|value| graph.value(value).ty());
    for ty in [past, present] {
        match ty.as_tensor().map(|tensor| tensor.dtype) {
            Some(DType::Fp16 | DType::Fp32) => {}
            Some(dtype) => return Err(format!("states are fp16, and this is {dtype}")),
            None => return Err("it is not a tensor".to_owned()),
        }
    }
    let (Some(shape), Some(of_present)) = (past.fixed_shape(), present.fixed_shape()) else {
        return Err("its shape is not fixed".to_owned());
    };
    let grows = max_length.is_some() && grown(past, present) == max_length;
    if shape != of_present && !grows {
        return Err(format!("the input has shape {shape:?}, and the output {of_present:?}"));
    }
    if shape.is_empty() || shape.contains(&0) {
        return Err("a state has one axis at least, and no empty one".to_owned());
    }
    if graph.definition(pair.present).is_none() {
        return Err("the input passes through unchanged".to_owned());
    }
    match program.interface.function(function) {
        Some(features) => {
            features_fit(features, graph.value(pair.past).name(), graph.value(pair.present).name())
        }
        None => Ok(()),
    }
}

fn features_fit(features: &FunctionInterface, past: &Name, present: &Name) -> Result<(), String> {
    let input = features.inputs.iter().find(|feature| feature.name == *past).ok_or("it is not an input")?;
    let output =
        features.outputs.iter().find(|feature| feature.name == *present).ok_or("it is not an output")?;
    let (Some(FeatureKind::Array(array)), Some(FeatureKind::Array(_))) = (&input.kind, &output.kind) else {
        return Err("an image or another kind of feature is not a state".to_owned());
    };
    if array.flexibility.is_some() {
        return Err("its shape is not fixed".to_owned());
    }
    if input.optional {
        return Err("an app may leave the input out".to_owned());
    }
    if [&features.predicted_feature, &features.predicted_probabilities].contains(&present) {
        return Err("the output is what the model predicts".to_owned());
    }
    Ok(())
}

/// Makes a state of a pair in all graphs of a function. `true` where it was fp32.
pub(super) fn make_state(program: &mut Program, function: &Name, pair: &Named) -> Result<bool, PassError> {
    let (mut narrowed, mut shape) = (false, Vec::new());
    let graphs = program.graphs_mut().filter(|(name, ..)| *name == function);
    for (_, _, graph) in graphs {
        let (Some(past), Some(present)) = (graph.input_named(&pair.past), output(graph, &pair.present))
        else {
            return Err(PassError::Refused(format!(
                "a graph of function {function} lacks {} or {}",
                pair.past, pair.present
            )));
        };
        shape = graph.value(past).ty().fixed_shape().unwrap_or_default();
        narrowed |= graph.value(past).ty().dtype() != Some(HELD);
        in_graph(graph, past, present, &shape)?;
    }
    let contents = shape.iter().filter_map(|&size| i64::try_from(size).ok()).collect();
    if program.interface.function(function).is_some() {
        in_interface(&mut program.interface, function, pair, contents)?;
    }
    Ok(narrowed)
}

fn output(graph: &Graph, name: &Name) -> Option<ValueId> {
    graph.root().outputs().find(|&value| graph.value(value).name() == name)
}

fn in_graph(graph: &mut Graph, past: ValueId, present: ValueId, shape: &[usize]) -> Result<(), PassError> {
    let name = graph.value(past).name().clone();
    let ty = graph.value(past).ty().clone();
    let hidden = graph.fresh_name(&format!("{name}_before"));
    graph.rename_value(past, hidden);
    let contents = Type::fixed(HELD, shape);
    let state = graph.add_input(Graph::ROOT, name.clone(), Type::new(TypeKind::State(contents.clone())));

    let label = graph.fresh_name(&format!("{name}_read"));
    let read =
        NewOp::new("read_state").named(label.clone()).with("input", state).result(label, contents.clone());
    let read = graph.insert(read, At::Start(Graph::ROOT));
    let mut old = graph.op(read).results()[0];
    if ty.dtype() != Some(HELD) {
        old = cast(
            graph,
            old,
            ty.with_dtype(ty.dtype().unwrap_or(HELD)),
            &format!("{name}_read_cast"),
            At::After(read),
        );
    }
    graph.replace_uses(past, old);
    graph.remove_input(Graph::ROOT, past);
    let outputs: Vec<ValueId> = graph.root().outputs().filter(|&value| value != present).collect();
    graph.set_outputs(Graph::ROOT, outputs);

    // Behind the new value and all that sees the old one.
    let mut behind: Option<OpId> = graph.definition(present);
    for user in graph.users(old).collect::<Vec<OpId>>() {
        let user = graph.ancestor_in(user, Graph::ROOT).unwrap_or(user);
        if behind.is_none_or(|last| graph.is_before(last, user)) {
            behind = Some(user);
        }
    }
    let at = match behind {
        Some(op) if !graph.op(op).is_return() => At::After(op),
        _ => At::End(Graph::ROOT),
    };
    let (mut data, mut place) = (present, at);
    let whole = graph.value(present).ty().fixed_shape().unwrap_or_default();
    if whole != shape {
        data = end(graph, present, &whole, shape, &format!("{name}_end"), at);
        place = graph.definition(data).map_or(at, At::After);
    }
    if graph.value(present).ty().dtype() != Some(HELD) {
        data = cast(graph, data, contents, &format!("{name}_new"), place);
        place = graph.definition(data).map_or(place, At::After);
    }
    let label = graph.fresh_name(&format!("{name}_write"));
    graph.insert(NewOp::new("write_state").named(label).with("input", state).with("data", data), place);
    Ok(())
}

/// The last elements of a value along each axis, as many as `shape` says.
fn end(graph: &mut Graph, value: ValueId, whole: &[usize], shape: &[usize], base: &str, at: At) -> ValueId {
    let begin: Vec<i32> = whole.iter().zip(shape).map(|(whole, size)| (whole - size) as i32).collect();
    let ends: Vec<i32> = whole.iter().map(|&size| size as i32).collect();
    let ty = Type::fixed(graph.value(value).ty().dtype().unwrap_or(HELD), shape);
    let name = graph.fresh_name(base);
    let ints = |numbers: &[i32]| Literal::tensor(Tensor::ints(numbers));
    let new = NewOp::new("slice_by_index").named(name.clone()).with("x", value);
    let new = new.with("begin", ints(&begin)).with("end", ints(&ends)).result(name, ty);
    let op = graph.insert(new, at);
    graph.op(op).results()[0]
}

fn cast(graph: &mut Graph, value: ValueId, ty: Type, base: &str, at: At) -> ValueId {
    let dtype = ty.dtype().unwrap_or(HELD);
    let name = graph.fresh_name(base);
    let dtype = Literal::tensor(Tensor::string(dtype.to_string()));
    let new = NewOp::new("cast").named(name.clone()).with("x", value).with("dtype", dtype).result(name, ty);
    let op = graph.insert(new, at);
    graph.op(op).results()[0]
}

fn in_interface(
    interface: &mut Interface,
    function: &Name,
    pair: &Named,
    contents: Vec<i64>,
) -> Result<(), PassError> {
    let features = interface.function(function);
    let doc = features.and_then(|features| features.find(&pair.past)).map(|feature| feature.doc.clone());
    let outputs = features.into_iter().flat_map(|features| features.outputs.clone());
    let outputs = outputs.filter(|feature| feature.name != pair.present).collect();
    interface.set_outputs(function, outputs)?;
    interface.remove_input(function, &pair.past)?;
    let contents = ArrayFeature::new(HELD, contents)
        .ok_or_else(|| PassError::Refused(format!("the format has no state of {HELD}")))?;
    interface.add_state(function, &pair.past, contents)?;
    interface.describe_feature(function, &pair.past, doc.unwrap_or_default())?;
    Ok(())
}
