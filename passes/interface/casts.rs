//! Element types at the ends of a graph.

use std::collections::HashSet;

use mil_ir::{ArrayFeature, FeatureKind, Graph, Interface, NewOp, OpId, Opset, ValueId};
use mil_pass::{PassError, Rewrite};
use mil_tensor::{DType, Tensor};

/// The first op of a graph.
pub(super) fn first_op(graph: &Graph) -> OpId {
    graph.root().ops().next().unwrap_or(graph.root().return_op())
}

/// Gives an input another element type; a `cast` gives the ops that take it what they had. Where it is an
/// output as well, that is of the new type, too: both are one value.
pub(super) fn cast_input(
    graph: &mut Graph,
    opset: &Opset,
    input: ValueId,
    dtype: DType,
) -> Result<(), PassError> {
    let (name, ty) = (graph.value(input).name().clone(), graph.value(input).ty().clone());
    let Some(old) = ty.dtype().filter(|&old| old != dtype) else { return Ok(()) };
    let returned = graph.root().return_op();
    let before = first_op(graph);
    let is_taken = graph.users(input).any(|user| user != returned);
    graph.retype(input, ty.with_dtype(dtype));
    if !is_taken {
        return Ok(());
    }
    let value = cast(graph, opset, input, old, &format!("{name}_to_{old}"), before)?;
    let op = graph.definition(value);
    graph.replace_uses_if(input, value, |user| user != returned && Some(user) != op);
    Ok(())
}

/// Casts an output to another element type. The cast takes over its name. An input that is an output is left
/// alone, and the answer is `false`.
pub(super) fn cast_output(
    graph: &mut Graph,
    opset: &Opset,
    output: ValueId,
    dtype: DType,
) -> Result<bool, PassError> {
    let (name, old) = (graph.value(output).name().clone(), graph.value(output).ty().dtype());
    let Some(old) = old.filter(|_| graph.definition(output).is_some()) else { return Ok(false) };
    if old == dtype {
        return Ok(true);
    }
    let returned = graph.root().return_op();
    let value = cast(graph, opset, output, dtype, &format!("{name}_to_{dtype}"), returned)?;
    replace_output(graph, output, value, &format!("{name}_{old}"));
    Ok(true)
}

/// Inserts a `cast` of this label.
fn cast(
    graph: &mut Graph,
    opset: &Opset,
    x: ValueId,
    dtype: DType,
    label: &str,
    before: OpId,
) -> Result<ValueId, PassError> {
    let mut rw = Rewrite::new(graph, opset);
    let dtype = rw.tensor(&format!("{label}_dtype_0"), Tensor::string(dtype.to_string()), before);
    Ok(rw.emit_one(NewOp::new("cast").named(label).with("x", x).with("dtype", dtype), before)?)
}

/// Makes one value an output in the place of another, which is called otherwise from now on.
pub(super) fn replace_output(graph: &mut Graph, output: ValueId, value: ValueId, hidden: &str) {
    let name = graph.value(output).name().clone();
    let returned = graph.root().return_op();
    graph.replace_uses_if(output, value, |user| user == returned);
    let hidden = graph.fresh_name(hidden);
    graph.rename_value(output, hidden);
    graph.rename_value(value, name);
}

/// Declares the results of all that takes an input, directly or not, with the element types that follow from
/// a new one.
pub(super) fn redeclare(graph: &mut Graph, opset: &Opset, input: ValueId) {
    let mut changed = HashSet::from([input]);
    let ops: Vec<OpId> = graph.walk().collect();
    for op in ops {
        if !graph.op(op).values().any(|value| changed.contains(&value)) {
            continue;
        }
        let Ok(types) = mil_ops::infer_op(graph, op, opset) else { continue };
        let results = graph.op(op).results().to_vec();
        for (value, ty) in results.into_iter().zip(types) {
            let old = graph.value(value).ty().clone();
            if let Some(dtype) = ty.dtype().filter(|&dtype| old.dtype() != Some(dtype)) {
                graph.retype(value, old.with_dtype(dtype));
                changed.insert(value);
            }
        }
    }
}

/// Gives an array feature another element type, and one that has no type yet the array that its value is.
pub(super) fn retype_feature(
    interface: &mut Interface,
    function: &str,
    name: &str,
    graph: Option<(&Graph, ValueId)>,
    dtype: DType,
) -> Result<(), PassError> {
    let features = interface.function(function);
    let kind = features.and_then(|features| features.find(name)).and_then(|feature| feature.kind.clone());
    let array = match kind {
        Some(FeatureKind::Array(array)) => ArrayFeature::new(dtype, array.shape.clone())
            .map(|new| ArrayFeature { data_type: new.data_type, ..array }),
        None => graph.and_then(|(graph, value)| {
            let size = |size: usize| i64::try_from(size).ok();
            let shape = graph.value(value).ty().fixed_shape().unwrap_or_default();
            ArrayFeature::new(dtype, shape.into_iter().map(size).collect::<Option<_>>()?)
        }),
        // An image has no element type of its own.
        Some(_) => return Ok(()),
    };
    let missing = || mil_ir::InterfaceError::NoSuchArray(function.into(), name.into(), dtype);
    let kind = FeatureKind::Array(array.ok_or_else(missing)?);
    if features.is_some_and(|features| features.find(name).is_some()) {
        interface.set_feature_kind(function, name, kind)?;
    }
    Ok(())
}
