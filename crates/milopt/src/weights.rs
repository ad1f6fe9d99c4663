//! Every weight of a program, with what its numbers are like.

use std::collections::{BTreeMap, HashSet};

use mil_ir::{Graph, OpId, Opset, Program};
use mil_ops::Trait;
use mil_ops::eval::{EvalOptions, fold_with};
use mil_passes::compression::decompressed_value;
use mil_tensor::{Data, Tensor, TensorError};
use serde::Serialize;

use crate::inspect::{place, stored_as};

/// A weight: a constant of some size, or what a `constexpr_*` op makes of its parts.
#[derive(Clone, Debug, Serialize)]
pub struct Weight {
    /// The path of member numbers to its program; empty where the model is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub member: Vec<usize>,
    /// The functions that have it, in order.
    pub functions: Vec<String>,
    /// The name of its value; of a literal in an op, the op's label and the parameter.
    pub name: String,
    /// Element type that the program computes with.
    #[serde(rename = "type")]
    pub dtype: String,
    /// How it is stored: `fp16`, `palettized 4 bit`, `quantized int8`, …
    pub stored_as: String,
    /// Sizes.
    pub shape: Vec<usize>,
    /// Bytes as stored, of compressed weights with their tables, scales and masks.
    pub bytes: u64,
    /// What its numbers are like; `None` where they were not looked at.
    pub numbers: Option<Numbers>,
    /// Why they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_read: Option<String>,
    /// The ops that take it.
    pub users: Vec<User>,
}

/// What the numbers of a weight are like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Numbers {
    /// The part of the elements that is zero.
    pub sparsity: f64,
    /// How many different numbers there are; the two zeros are one, NaN is one.
    pub distinct: usize,
    /// All were counted. Of 32 and 64 bits no more than [`MOST`] are.
    pub distinct_is_exact: bool,
    /// The least number; `None` where all are NaN.
    pub min: Option<f64>,
    /// The largest number.
    pub max: Option<f64>,
    /// Elements that are NaN.
    pub nan: usize,
}

/// An op that takes a weight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct User {
    /// Its label.
    pub op: String,
    /// Its type.
    pub kind: String,
    /// By which parameter.
    pub param: String,
}

/// Different numbers that are counted at most.
pub const MOST: usize = 1 << 20;

/// The weights of a program that have at least so many elements, in the order in which they stand. What a
/// file holds at one place is one weight, whatever functions have it. A compressed weight is decompressed piece
/// by piece to look at its numbers; where only its op as a whole knows how, unless it would take more than
/// `most_bytes`.
pub fn weights(program: &Program, member: &[usize], min_elements: usize, most_bytes: usize) -> Vec<Weight> {
    let mut all: Vec<Weight> = Vec::new();
    let mut known: BTreeMap<Place, usize> = BTreeMap::new();
    for (function, function_graphs) in &program.functions {
        let Some(graph) = function_graphs.graph() else { continue };
        for op in graph.walk() {
            for found in found(graph, op).into_iter().filter(|found| found.len(graph) >= min_elements) {
                let place = found.place(graph);
                let users = found.users(graph);
                let first = place.as_ref().and_then(|place| known.get(place)).copied();
                if let Some(weight) = first.and_then(|at| all.get_mut(at)) {
                    let function = function.to_string();
                    if !weight.functions.contains(&function) {
                        weight.functions.push(function);
                    }
                    weight.users.extend(users);
                    weight.users.sort();
                    weight.users.dedup();
                    continue;
                }
                let mut weight = found.weight(graph, &function_graphs.opset, most_bytes);
                weight.member = member.to_vec();
                weight.functions = vec![function.to_string()];
                weight.users = users;
                known.extend(place.map(|place| (place, all.len())));
                all.push(weight);
            }
        }
    }
    all
}

/// Where each part of a weight is stored.
type Place = Vec<(usize, u64, u64)>;

/// A weight in a graph.
enum Found {
    /// A `const` op.
    Constant(OpId, Tensor),
    /// A literal bound to a parameter of an op.
    Literal(OpId, String, Tensor),
    /// A `constexpr_*` op whose result is no part of another.
    Compressed(OpId),
}

/// The weights that an op is, or holds.
fn found(graph: &Graph, op: OpId) -> Vec<Found> {
    let found = graph.op(op);
    if found.kind() == "const" {
        let Some(value) = found.result() else { return Vec::new() };
        let is_part =
            graph.users(value).next().is_some() && graph.users(value).all(|user| is_compressed(graph, user));
        let tensor = graph.const_tensor(value).filter(|_| !is_part);
        return tensor.into_iter().map(|tensor| Found::Constant(op, tensor)).collect();
    }
    if is_compressed(graph, op) {
        let results = found.results().iter();
        let is_part = results.flat_map(|&value| graph.users(value)).any(|user| is_compressed(graph, user));
        return if is_part { Vec::new() } else { vec![Found::Compressed(op)] };
    }
    let literals = found.arguments().flat_map(|(param, argument)| {
        argument.iter().filter_map(move |operand| Some((param, operand.literal()?.as_tensor()?)))
    });
    literals.map(|(param, tensor)| Found::Literal(op, param.to_string(), tensor.clone())).collect()
}

fn is_compressed(graph: &Graph, op: OpId) -> bool {
    mil_ops::def(graph.op(op).kind()).is_some_and(|def| def.is(Trait::Constexpr))
}

/// Every tensor that a compressed weight is made of.
fn parts(graph: &Graph, op: OpId) -> Vec<Tensor> {
    let mut parts = Vec::new();
    let mut stack = vec![op];
    let mut seen = HashSet::new();
    while let Some(op) = stack.pop() {
        if !seen.insert(op) {
            continue;
        }
        let found = graph.op(op);
        let own = found.attributes().values().chain(found.operands().filter_map(|operand| operand.literal()));
        parts.extend(own.filter_map(|literal| literal.as_tensor().cloned()));
        stack.extend(found.values().filter_map(|value| graph.definition(value)));
    }
    parts
}

impl Found {
    fn len(&self, graph: &Graph) -> usize {
        match self {
            Found::Constant(_, tensor) | Found::Literal(_, _, tensor) => tensor.len(),
            Found::Compressed(op) => shape(graph, *op).iter().product(),
        }
    }

    /// Where it is stored, where all of it is in files.
    fn place(&self, graph: &Graph) -> Option<Place> {
        let range = |tensor: &Tensor| match tensor.data() {
            Data::Mapped(blob) => Some(place(blob)),
            _ => None,
        };
        match self {
            Found::Constant(_, tensor) | Found::Literal(_, _, tensor) => {
                range(tensor).map(|range| vec![range])
            }
            Found::Compressed(op) => {
                let stored: Place = parts(graph, *op).iter().filter_map(range).collect();
                (!stored.is_empty()).then_some(stored)
            }
        }
    }

    fn users(&self, graph: &Graph) -> Vec<User> {
        let user = |op: OpId, param: &str| User {
            op: graph.label(op).to_string(),
            kind: if graph.op(op).is_return() { "output".into() } else { graph.op(op).kind().to_string() },
            param: param.to_owned(),
        };
        let mut users: Vec<User> = match self {
            Found::Literal(op, param, _) => vec![user(*op, param)],
            Found::Constant(op, _) | Found::Compressed(op) => {
                let results = graph.op(*op).results().iter();
                let uses = results.flat_map(|&value| graph.uses(value));
                uses.map(|found| user(found.op, &found.param)).collect()
            }
        };
        users.sort();
        users.dedup();
        users
    }

    fn weight(&self, graph: &Graph, opset: &Opset, most_bytes: usize) -> Weight {
        let name = |op: OpId| {
            let value = graph.op(op).results().first().map(|&value| graph.value(value).name());
            value.unwrap_or(graph.label(op)).to_string()
        };
        let bytes =
            |tensors: &[Tensor]| tensors.iter().filter_map(|tensor| tensor.byte_len()).sum::<usize>() as u64;
        let mut weight = Weight {
            member: Vec::new(),
            functions: Vec::new(),
            name: String::new(),
            dtype: String::new(),
            stored_as: String::new(),
            shape: Vec::new(),
            bytes: 0,
            numbers: None,
            not_read: None,
            users: Vec::new(),
        };
        let tensor = match self {
            Found::Constant(op, tensor) => {
                weight.name = name(*op);
                Ok(tensor.clone())
            }
            Found::Literal(op, param, tensor) => {
                weight.name = format!("{}.{param}", graph.label(*op));
                Ok(tensor.clone())
            }
            Found::Compressed(op) => {
                weight.name = name(*op);
                weight.bytes = bytes(&parts(graph, *op));
                weight.stored_as = stored_as(graph, *op).unwrap_or_else(|| graph.op(*op).kind().to_string());
                weight.shape = shape(graph, *op);
                let ty = graph.op(*op).results().first().map(|&value| graph.value(value).ty());
                weight.dtype = ty.and_then(|ty| ty.dtype()).map_or("?".into(), |dtype| dtype.to_string());
                let last = graph.op(*op).results().last();
                let lazy = last.and_then(|&value| decompressed_value(graph, value));
                lazy.map_or_else(|| decompressed(graph, *op, opset, most_bytes), Ok)
            }
        };
        if let (Found::Constant(..) | Found::Literal(..), Ok(tensor)) = (self, &tensor) {
            weight.dtype = tensor.dtype().to_string();
            weight.stored_as = weight.dtype.clone();
            weight.shape = tensor.shape().to_vec();
            weight.bytes = tensor.byte_len().unwrap_or(0) as u64;
        }
        match tensor.and_then(|tensor| numbers(&tensor).map_err(|error| error.to_string())) {
            Ok(numbers) => weight.numbers = numbers,
            Err(error) => weight.not_read = Some(error),
        }
        weight
    }
}

fn shape(graph: &Graph, op: OpId) -> Vec<usize> {
    // Of several results the last one is the weight; the first is its mask.
    let value = graph.op(op).results().last();
    value.and_then(|&value| graph.value(value).ty().fixed_shape()).unwrap_or_default()
}

/// What a compressed weight stands for, as a whole. Its parts are constants, or compressed as well.
fn decompressed(graph: &Graph, op: OpId, opset: &Opset, most_bytes: usize) -> Result<Tensor, String> {
    let mut options = EvalOptions::default();
    options.limits.value_bytes = most_bytes;
    let mut known = BTreeMap::new();
    let mut order = vec![op];
    let mut at = 0;
    while let Some(&next) = order.get(at) {
        let inner = graph.op(next).values().filter_map(|value| graph.definition(value));
        order.extend(inner.filter(|&inner| is_compressed(graph, inner)));
        at += 1;
    }
    for op in order.into_iter().rev() {
        let results = fold_with(graph, op, opset, &options, |value| known.get(&value).cloned());
        let tensors = results.ok_or("it would be too large")?.map_err(|error| error.to_string())?;
        known.extend(graph.op(op).results().iter().copied().zip(tensors));
    }
    let last = graph.op(op).results().last();
    last.and_then(|value| known.remove(value)).ok_or_else(|| "it has no result".to_owned())
}

/// What the numbers of a tensor are like; `None` for text.
fn numbers(tensor: &Tensor) -> Result<Option<Numbers>, TensorError> {
    if tensor.dtype().bits().is_none() || tensor.is_empty() {
        return Ok(None);
    }
    let (mut zeros, mut nan) = (0_usize, 0_usize);
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut seen: HashSet<u64> = HashSet::new();
    let mut is_exact = true;
    tensor.for_each_f64_chunk(|values| {
        for &value in values {
            if value.is_nan() {
                nan += 1;
            } else {
                zeros += usize::from(value == 0.0);
                (least, most) = (least.min(value), most.max(value));
            }
            let key = if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() };
            if seen.len() < MOST {
                seen.insert(key);
            } else if is_exact {
                is_exact = seen.contains(&key);
            }
        }
    })?;
    let is_number = least <= most;
    Ok(Some(Numbers {
        sparsity: zeros as f64 / tensor.len() as f64,
        distinct: seen.len(),
        distinct_is_exact: is_exact,
        min: is_number.then_some(least),
        max: is_number.then_some(most),
        nan,
    }))
}
