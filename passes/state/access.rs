//! Where a program reads and writes a state, and how another state takes its place.

use std::cmp::Ordering;

use mil_ir::{
    ArrayFeature, At, Feature, FeatureKind, Graph, Name, NewOp, OpId, Program, Type, TypeKind, ValueId,
};
use mil_pass::PassError;
use mil_tensor::{DType, Tensor};

/// Reads of a state and writes to it, in program order; within one branch or loop, in any.
pub(crate) fn accesses(graph: &Graph, state: ValueId) -> Result<Vec<OpId>, PassError> {
    let mut users: Vec<OpId> = graph.users(state).collect();
    let other = |op: &&OpId| !["read_state", "write_state"].contains(&graph.op(**op).kind().as_str());
    if let Some(&other) = users.iter().find(other) {
        let (name, kind) = (graph.value(state).name(), graph.op(other).kind());
        return Err(PassError::Refused(format!("state {name}: {kind} takes it")));
    }
    let place = |op: OpId| graph.ancestor_in(op, Graph::ROOT).unwrap_or(op);
    users.sort_by(|&one, &other| match (place(one), place(other)) {
        (one, other) if one == other => Ordering::Equal,
        (one, other) if graph.is_before(one, other) => Ordering::Less,
        _ => Ordering::Greater,
    });
    Ok(users)
}

/// The states of a graph that are only read and written: value, shape and element type of what each holds.
pub(crate) fn states(graph: &Graph) -> Vec<(ValueId, Vec<usize>, DType)> {
    let inputs = graph.root().inputs().iter().copied();
    let contents = inputs.filter_map(|input| {
        let contents = graph.value(input).ty().as_state()?;
        let plain = |op: OpId| ["read_state", "write_state"].contains(&graph.op(op).kind().as_str());
        graph.users(input).all(plain).then_some(())?;
        Some((input, contents.fixed_shape()?, contents.dtype()?))
    });
    contents.collect()
}

/// Adds a state of this name to a graph; another value that has the name gives it up.
pub(crate) fn add_state(graph: &mut Graph, name: &Name, dtype: DType, shape: &[usize]) -> ValueId {
    free_name(graph, name);
    graph.add_input(Graph::ROOT, name.clone(), Type::new(TypeKind::State(Type::fixed(dtype, shape))))
}

/// Takes a name from what has it: a state, and where a converter gave it to a constant as well, that.
pub(crate) fn free_name(graph: &mut Graph, name: &Name) {
    let rename = |graph: &mut Graph, value: ValueId| {
        let hidden = graph.fresh_name(&format!("{name}_before"));
        graph.rename_value(value, hidden);
    };
    while let Some(input) = graph.input_named(name) {
        rename(graph, input);
    }
    if graph.has_value_named(name) {
        let results = graph.walk().flat_map(|op| graph.op(op).results()).copied();
        let alike: Vec<ValueId> = results.filter(|&value| graph.value(value).name() == name).collect();
        alike.into_iter().for_each(|value| rename(graph, value));
    }
}

/// `read_state` before an op.
pub(crate) fn read(graph: &mut Graph, state: ValueId, before: OpId) -> Result<ValueId, PassError> {
    let ty = graph.value(state).ty().as_state().cloned();
    let ty = ty.ok_or_else(|| PassError::Refused(format!("{} is not a state", graph.value(state).name())))?;
    let base = format!("{}_read", graph.value(state).name());
    Ok(insert(graph, NewOp::new("read_state").with("input", state), &base, ty, before))
}

/// `write_state` before an op.
pub(crate) fn write(graph: &mut Graph, state: ValueId, data: ValueId, before: OpId) {
    let label = graph.fresh_name(&format!("{}_write", graph.value(state).name()));
    let new = NewOp::new("write_state").named(label).with("input", state).with("data", data);
    graph.insert(new, At::Before(before));
}

/// The part of a value from `begin` to `end`.
pub(crate) fn slice(
    graph: &mut Graph,
    value: ValueId,
    begin: &[usize],
    end: &[usize],
    before: OpId,
) -> ValueId {
    let shape: Vec<usize> = begin.iter().zip(end).map(|(begin, end)| end - begin).collect();
    let base = format!("{}_part", graph.value(value).name());
    let ty = Type::fixed(graph.value(value).ty().dtype().unwrap_or(DType::Fp16), &shape);
    let new = NewOp::new("slice_by_index").with("x", value).with("begin", ints(begin)).with("end", ints(end));
    insert(graph, new, &base, ty, before)
}

/// Inserts an op with one result.
pub(crate) fn insert(graph: &mut Graph, new: NewOp, base: &str, ty: Type, before: OpId) -> ValueId {
    let name = graph.fresh_name(base);
    let op = graph.insert(new.named(name.clone()).result(name, ty), At::Before(before));
    graph.op(op).results()[0]
}

pub(crate) fn ints(values: &[usize]) -> mil_ir::Literal {
    mil_ir::Literal::tensor(Tensor::ints(&values.iter().map(|&value| value as i32).collect::<Vec<_>>()))
}

/// What takes the place of a state at each read: the read is gone, and its users take the value. A read that
/// is an output keeps its name.
pub(crate) fn instead_of_read(graph: &mut Graph, read: OpId, value: ValueId) -> Result<(), PassError> {
    let old = graph.op(read).results()[0];
    let name = graph.value(old).name().clone();
    let hidden = graph.fresh_name(&format!("{name}_before"));
    graph.rename_value(old, hidden);
    graph.rename_value(value, name);
    graph.replace_uses(old, value);
    Ok(graph.erase(read)?)
}

/// What is written by an access; `None` for a read.
pub(crate) fn written(graph: &Graph, access: OpId) -> Option<ValueId> {
    (graph.op(access).kind() == "write_state").then(|| graph.input(access, "data")).flatten()
}

/// A feature of a function has one of these names.
pub(crate) fn is_taken(program: &Program, function: &Name, names: &[Name]) -> bool {
    let features = program.interface.function(function);
    names.iter().any(|name| features.is_some_and(|features| features.find(name).is_some()))
}

/// Makes the interface say these states of a function in the place of others.
pub(crate) fn replace_states(
    program: &mut Program,
    function: &Name,
    gone: &[Name],
    added: &[(Name, DType, Vec<usize>)],
) -> Result<(), PassError> {
    let interface = &mut program.interface;
    let Some(features) = interface.function(function) else { return Ok(()) };
    let docs: Vec<&Feature> = features.states.iter().filter(|state| gone.contains(&state.name)).collect();
    let known = |feature: &&&Feature| matches!(feature.kind, Some(FeatureKind::State(Some(_))));
    if docs.iter().filter(known).count() != gone.len() {
        return Err(PassError::Refused("the model does not say what its states hold".to_owned()));
    }
    let doc =
        docs.iter().map(|state| state.doc.as_str()).find(|doc| !doc.is_empty()).unwrap_or("").to_owned();
    for name in gone {
        interface.remove_input(function, name)?;
    }
    for (name, dtype, shape) in added {
        let shape = shape.iter().filter_map(|&size| i64::try_from(size).ok()).collect();
        let contents = ArrayFeature::new(*dtype, shape)
            .ok_or_else(|| PassError::Refused(format!("the format has no state of {dtype}")))?;
        interface.add_state(function, name, contents)?;
        interface.describe_feature(function, name, doc.clone())?;
    }
    Ok(())
}
