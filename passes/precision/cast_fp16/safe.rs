//! Masks that are provably safe within fp16, where there are no samples to tell.
//!
//! `softmax(s + m)` with `m` of zeros and -1e9 gives what is masked a weight of exactly zero as long as a row
//! keeps a place; so does -30000, for scores within 15,000. A row that is masked whole is another matter. Scores
//! that are *replaced* by the mask are all the same there, whatever its magnitude. Where the mask is *added*,
//! fp32 rounds them to multiples of 8 at 1e8 and of 64 at 1e9, and fp16 to multiples of 16 at 30000: close to an
//! average in both. A mask of -1e5 keeps the digits of scores in fp32, and is left alone unless its rows keep a
//! place each.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use mil_ir::{Graph, Literal, OpId, Operand, ValueId};
use mil_pass::PassError;
use mil_tensor::{DType, Tensor, TensorError};

use super::masks::{self, Candidate};
use super::noise::LARGEST;

/// Magnitude from which on fp32 has no digits of a score left: a unit in the last place is 8.
const LARGE: f64 = 1e8;

/// Masks that may be added to one score: two of them and the score are within fp16.
const MOST: usize = 2;

/// Ops that only move what they take by this parameter, or leave some of it out.
const MOVES: &[(&str, &str)] = &[
    ("cast", "x"),
    ("concat", "values"),
    ("expand_dims", "x"),
    ("gather", "x"),
    ("identity", "x"),
    ("maximum", "x"),
    ("maximum", "y"),
    ("reshape", "x"),
    ("select", "a"),
    ("select", "b"),
    ("slice_by_index", "x"),
    ("slice_by_size", "x"),
    ("split", "x"),
    ("squeeze", "x"),
    ("stack", "values"),
    ("tile", "x"),
    ("transpose", "x"),
];

/// Ops that make whole numbers of whole numbers.
const WHOLE: &[&str] = &[
    "abs",
    "add",
    "concat",
    "expand_dims",
    "gather",
    "identity",
    "maximum",
    "minimum",
    "mul",
    "reshape",
    "select",
    "slice_by_index",
    "slice_by_size",
    "split",
    "squeeze",
    "stack",
    "sub",
    "tile",
    "transpose",
];

/// Steps that are followed from a mask on, and back from what it is made of.
const REACH: usize = 64;

/// What becomes of a mask.
struct Fate {
    /// Values that it is in.
    values: BTreeSet<ValueId>,
    /// It is added to something on its way.
    is_added: bool,
    /// It goes through other ops than the one that takes it.
    is_moved: bool,
    /// It is so large that beside it no score counts.
    is_large: bool,
}

/// The masks that may be replaced, with what replaces them.
pub(super) fn masks(graph: &Graph) -> Result<Vec<Candidate>, PassError> {
    let mut masked: HashMap<ValueId, usize> = HashMap::new();
    let mut found = Vec::new();
    for candidate in masks::candidates(graph)? {
        let op = candidate.0;
        let fault = |source| PassError::Tensor { op: graph.label(op).clone(), source };
        if let Some(fate) = fate(graph, &candidate).map_err(fault)? {
            for &value in &fate.values {
                *masked.entry(value).or_default() += 1;
            }
            found.push((candidate, fate));
        }
    }
    // What two masks leave of a row is known of large ones only.
    let is_few = |fate: &Fate| {
        let most = if fate.is_large { MOST } else { 1 };
        fate.values.iter().all(|value| masked.get(value).is_none_or(|&count| count <= most))
    };
    Ok(found.into_iter().filter(|(_, fate)| is_few(fate)).map(|(candidate, _)| candidate).collect())
}

/// What becomes of a mask that may be replaced; `None` for one that may not.
fn fate(graph: &Graph, candidate: &Candidate) -> Result<Option<Fate>, TensorError> {
    let (op, param, index, _) = candidate;
    let found = graph.op(*op);
    let operand = found.argument(param).and_then(|argument| argument.get(*index));
    let tensor = operand.and_then(|operand| graph.literal(operand)?.as_tensor());
    let (Some(tensor), Some(result)) = (tensor, found.result()) else { return Ok(None) };
    let is_large = tensor.all(|value| value == 0.0 || value.abs() >= LARGE)?;
    let other = |param: &str| found.argument(param).and_then(|argument| argument.first());
    let other = match (found.kind().as_str(), param.as_str()) {
        ("select", "a") => other("b"),
        ("select", "b") => other("a"),
        ("sub", "y") | ("add" | "mul", "y") => other("x"),
        ("add" | "mul", "x") => other("y"),
        _ => None,
    };
    let Some(other) = other else { return Ok(None) };
    let sign = if found.kind() == "sub" { -1.0 } else { 1.0 };
    let is_negative = tensor.all(|value| value * sign <= 0.0)?;
    let Some(mut fate) = followed(graph, result) else { return Ok(None) };
    let is_safe = match found.kind().as_str() {
        "mul" => is_large && is_whole(graph, other),
        _ if !is_negative => false,
        _ if is_large => true,
        "select" => !fate.is_added && graph.literal(other).is_none(),
        _ => !fate.is_added && !fate.is_moved && leaves_places(graph, result, tensor)?,
    };
    fate.is_large = is_large;
    Ok(is_safe.then_some(fate))
}

/// Follows a value to those who take it, who must all be softmaxes.
fn followed(graph: &Graph, start: ValueId) -> Option<Fate> {
    let mut fate = Fate { values: BTreeSet::new(), is_added: false, is_moved: false, is_large: false };
    let mut open = vec![start];
    while let Some(value) = open.pop() {
        if !fate.values.insert(value) {
            continue;
        }
        for user in graph.users(value) {
            let found = graph.op(user);
            let kind = found.kind().as_str();
            let takes = found
                .arguments()
                .filter(|(_, argument)| argument.iter().any(|operand| operand.value() == Some(value)));
            for (param, _) in takes {
                match (kind, param.as_str()) {
                    ("softmax", "x") => continue,
                    ("scaled_dot_product_attention", "attn_mask") => {
                        fate.is_added = true;
                        continue;
                    }
                    ("add", _) | ("sub", "x") => fate.is_added = true,
                    step if MOVES.contains(&step) => fate.is_moved = true,
                    _ => return None,
                }
                open.extend(found.results());
            }
        }
        if fate.values.len() > REACH {
            return None;
        }
    }
    Some(fate)
}

/// Each row of a mask that is added for a softmax keeps a place.
fn leaves_places(graph: &Graph, sum: ValueId, mask: &Tensor) -> Result<bool, TensorError> {
    let Some(rank) = graph.value(sum).ty().dims().map(<[_]>::len) else { return Ok(false) };
    let mut shape = vec![1; rank.saturating_sub(mask.rank())];
    shape.extend(mask.shape());
    let values = mask.to_f64s()?;
    let keeps = |softmax: OpId| {
        let axis = graph.op(softmax).argument("axis").and_then(|argument| argument.first());
        let axis = axis.and_then(|axis| graph.literal(axis)?.as_tensor()?.item_f64()).unwrap_or(-1.0);
        let axis = if axis < 0.0 { axis + rank as f64 } else { axis } as usize;
        let Some(&size) = shape.get(axis).filter(|_| shape.len() == rank) else { return false };
        let inner: usize = shape[axis + 1..].iter().product();
        let row = |at: usize| (0..size).any(|step| values[at + step * inner] == 0.0);
        let starts = (0..values.len()).filter(|at| (at / inner).is_multiple_of(size));
        starts.into_iter().all(row)
    };
    Ok(!values.is_empty() && graph.users(sum).all(keeps))
}

/// Whole numbers: integers or booleans that became floats, and what arithmetic makes of them.
fn is_whole(graph: &Graph, operand: &Operand) -> bool {
    let mut open = vec![operand.clone()];
    let mut seen: HashSet<ValueId> = HashSet::new();
    while let Some(operand) = open.pop() {
        if let Some(tensor) = graph.literal(&operand).and_then(Literal::as_tensor) {
            let is_whole = |value: f64| value.fract() == 0.0 && value.abs() <= LARGEST;
            if !tensor.all(is_whole).unwrap_or(false) {
                return false;
            }
            continue;
        }
        let Some(value) = operand.value() else { return false };
        if !seen.insert(value) {
            continue;
        }
        if seen.len() > REACH {
            return false;
        }
        if graph.value(value).ty().dtype().is_some_and(|dtype| dtype.is_int() || dtype == DType::Bool) {
            continue;
        }
        let Some(op) = graph.definition(value) else { return false };
        let found = graph.op(op);
        match found.kind().as_str() {
            "cast" => open.extend(
                found
                    .operands()
                    .filter(|operand| graph.operand_type(operand).dtype() != Some(DType::String))
                    .cloned(),
            ),
            kind if WHOLE.contains(&kind) => {
                let numbers = found
                    .arguments()
                    .filter(|(param, _)| ["a", "b", "values", "x", "y"].contains(&param.as_str()));
                open.extend(numbers.flat_map(|(_, argument)| argument.iter().cloned()));
            }
            _ => return false,
        }
    }
    true
}
