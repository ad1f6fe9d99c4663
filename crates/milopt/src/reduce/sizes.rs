//! Smaller sizes: every 64 of a program becomes a 2, in inputs, constants and the numbers that name shapes.

use std::collections::BTreeSet;

use mil_ir::{
    ArrayFeature, Dim, FeatureKind, Graph, Literal, Name, OpId, Operand, Opset, Program, Shape, Type,
    TypeKind,
};
use mil_ops::infer_op;
use mil_tensor::{DType, Tensor};

use super::Search;

/// Elements of a constant that may name a shape.
const SHAPE: usize = 16;

impl<K> Search<K> {
    /// Replaces sizes by smaller ones, the largest first.
    pub(super) fn sizes<E>(&mut self) -> Result<(), E>
    where
        K: FnMut(&Program) -> Result<bool, E>,
    {
        for function in self.names() {
            let Some(graph) = self.graph(&function) else { continue };
            if graph.walk().any(|op| !graph.op(op).blocks().is_empty()) {
                continue;
            }
            for size in sizes(graph).into_iter().rev() {
                for smaller in [1, 2, 3, 4, size / 2] {
                    if smaller < size && self.attempt(resized(&self.best, &function, size, smaller))? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The sizes of inputs and constants.
fn sizes(graph: &Graph) -> BTreeSet<u64> {
    let constants = graph.walk().filter(|&op| graph.op(op).kind() == "const");
    let constants = constants.filter_map(|op| graph.op(op).result());
    let values = graph.root().inputs().iter().copied().chain(constants);
    let dims = values.filter_map(|value| graph.value(value).ty().fixed_shape()).flatten();
    dims.filter(|&size| size > 1).map(|size| size as u64).collect()
}

fn resized(program: &Program, function: &Name, old: u64, new: u64) -> Option<Program> {
    let mut candidate = program.clone();
    let opset: Opset = candidate.function(function)?.opset.clone();
    let graph = candidate.graph_mut(function)?;
    for input in graph.root().inputs().to_vec() {
        let ty = resized_type(graph.value(input).ty(), old, new);
        graph.retype(input, ty);
    }
    let ops: Vec<OpId> = graph.walk().collect();
    for op in ops {
        if graph.op(op).kind() == "const" {
            let value = graph.op(op).result()?;
            if let Some(tensor) = graph.const_tensor(value) {
                let tensor = resized_tensor(&tensor, old, new)?;
                let literal = Literal::tensor(tensor);
                graph.retype(value, literal.ty.clone());
                graph.set_attribute(op, "val", Some(literal));
            }
            continue;
        }
        resize_literals(graph, op, old, new)?;
        let types = infer_op(graph, op, &opset).ok()?;
        for (value, ty) in graph.op(op).results().to_vec().into_iter().zip(types) {
            graph.retype(value, ty);
        }
    }
    let graph = candidate.graph(function)?;
    let fixed: Vec<(Name, Vec<i64>)> = graph
        .root()
        .inputs()
        .iter()
        .copied()
        .chain(graph.root().outputs())
        .filter_map(|value| {
            let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
            let shape = ty.as_state().unwrap_or(ty).fixed_shape()?;
            Some((name.clone(), shape.into_iter().map(|size| size as i64).collect()))
        })
        .collect();
    let features = candidate.interface.functions.get_mut(function)?;
    let all = features.inputs.iter_mut().chain(&mut features.outputs).chain(&mut features.states);
    for feature in all {
        let shape = fixed.iter().find(|(name, _)| *name == feature.name).map(|(_, shape)| shape.clone());
        match &mut feature.kind {
            Some(FeatureKind::Array(array) | FeatureKind::State(Some(array))) => refit(array, shape?)?,
            // Of images, sizes are pixels and channels.
            _ => return None,
        }
    }
    Some(candidate)
}

fn refit(array: &mut ArrayFeature, shape: Vec<i64>) -> Option<()> {
    if array.flexibility.is_some() {
        return None;
    }
    if !array.shape.is_empty() && !shape.is_empty() {
        array.shape = shape;
    }
    Some(())
}

fn resized_type(ty: &Type, old: u64, new: u64) -> Type {
    match ty.kind() {
        TypeKind::State(inner) => Type::new(TypeKind::State(resized_type(inner, old, new))),
        TypeKind::Tensor(tensor) => match tensor.shape.dims() {
            Some(dims) => {
                let size = |dim: &Dim| if dim.fixed() == Some(old) { Dim::Fixed(new) } else { dim.clone() };
                Type::tensor(tensor.dtype, Shape::Ranked(dims.iter().map(size).collect()))
            }
            None => ty.clone(),
        },
        _ => ty.clone(),
    }
}

/// The first elements along each axis of this size; of a few integers, those that are this size become the new
/// one.
fn resized_tensor(tensor: &Tensor, old: u64, new: u64) -> Option<Tensor> {
    let fits = |&size: &usize| if size as u64 == old { new as usize } else { size };
    let end: Vec<usize> = tensor.shape().iter().map(fits).collect();
    let mut tensor = tensor.clone();
    if end != tensor.shape() {
        let (begin, step) = (vec![0; end.len()], vec![1; end.len()]);
        tensor = tensor.sliced(&begin, &end, &step).ok()?;
    }
    if tensor.dtype() == DType::Int32 && tensor.len() <= SHAPE {
        let numbers = tensor.to_i64s().ok()?;
        if numbers.contains(&(old as i64)) {
            let numbers: Vec<f64> = numbers
                .iter()
                .map(|&number| if number == old as i64 { new as f64 } else { number as f64 })
                .collect();
            tensor = Tensor::from_f64s(DType::Int32, &end, &numbers).ok()?;
        }
    }
    Some(tensor)
}

fn resize_literals(graph: &mut Graph, op: OpId, old: u64, new: u64) -> Option<()> {
    let mut changes: Vec<(Name, usize, Tensor)> = Vec::new();
    for (param, argument) in graph.op(op).arguments() {
        for (position, operand) in argument.iter().enumerate() {
            if let Some(tensor) = operand.literal().and_then(Literal::as_tensor) {
                changes.push((param.clone(), position, resized_tensor(tensor, old, new)?));
            }
        }
    }
    for (param, position, tensor) in changes {
        graph.set_operand(op, &param, position, Operand::from(tensor));
    }
    Some(())
}
