//! Whole numbers that go through floats: indices and sizes, which fp16 has up to 2048 only.

use foldhash::{HashSet, HashSetExt};
use mil_ir::{Graph, OpId, Opset, ValueId};
use mil_ops::Shapes;
use mil_tensor::DType;

/// Ops that make whole numbers of whole numbers, or only move them.
pub(in crate::precision) const ARITHMETIC: &[&str] = &[
    "abs",
    "add",
    "ceil",
    "clip",
    "concat",
    "cumsum",
    "expand_dims",
    "fill",
    "floor",
    "floor_div",
    "gather",
    "identity",
    "maximum",
    "minimum",
    "mod",
    "mul",
    "pad",
    "pow",
    "range_1d",
    "real_div",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "reshape",
    "round",
    "select",
    "sign",
    "slice_by_index",
    "slice_by_size",
    "split",
    "square",
    "squeeze",
    "stack",
    "sub",
    "tile",
    "transpose",
];

/// Ops that tell neighbouring whole numbers apart.
const COMPARISONS: &[&str] = &["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"];

/// Ops that keep fp32 so that whole numbers keep their value: those between integers (a `cast` of them, or
/// `range_1d`) and what needs them whole (a `cast` back, or a comparison), but for ops whose numbers fp16
/// provably has.
pub(in crate::precision) fn kept(graph: &Graph, opset: &Opset) -> HashSet<OpId> {
    let ops: Vec<OpId> = graph.walk().collect();
    let is_fp32 = |value: &ValueId| graph.value(*value).ty().dtype() == Some(DType::Fp32);
    let one_of = |op: OpId, kinds: &[&str]| kinds.contains(&graph.op(op).kind().as_str());
    let mut whole: HashSet<ValueId> = HashSet::new();
    for &op in &ops {
        let found = graph.op(op);
        let from_integers = match found.kind().as_str() {
            "cast" => graph.param_type(op, "x").and_then(|ty| ty.dtype()).is_some_and(DType::is_int),
            "range_1d" => true,
            _ => one_of(op, ARITHMETIC) && found.values().any(|value| whole.contains(&value)),
        };
        if from_integers {
            whole.extend(found.results().iter().copied().filter(is_fp32));
        }
    }
    if whole.is_empty() {
        return HashSet::new();
    }
    // Users stand behind what they use, and are seen first.
    let mut needed: HashSet<ValueId> = HashSet::new();
    let mut between: Vec<OpId> = Vec::new();
    for &op in ops.iter().rev() {
        let found = graph.op(op);
        let is_end = match found.kind().as_str() {
            "cast" => {
                found.result().is_some_and(|value| graph.value(value).ty().dtype().is_some_and(DType::is_int))
            }
            _ => one_of(op, COMPARISONS),
        };
        let is_between =
            || one_of(op, ARITHMETIC) && found.results().iter().any(|value| needed.contains(value));
        if !(is_end || is_between()) {
            continue;
        }
        let operands = found.values().filter(is_fp32);
        if found.values().chain(found.results().iter().copied()).any(|value| whole.contains(&value)) {
            between.push(op);
        }
        needed.extend(operands);
    }
    if between.is_empty() {
        return HashSet::new();
    }
    let shapes = Shapes::of(graph, opset, None);
    let is_exact = |op: &OpId| {
        let found = graph.op(*op);
        let mut values = found.values().chain(found.results().iter().copied()).filter(is_fp32);
        values.all(|value| shapes.is_exact(graph, value, DType::Fp16))
    };
    between.into_iter().filter(|op| !is_exact(op)).collect()
}
