//! What the declared types say of ranges, where there are no samples.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{Graph, OpId, ValueId};
use mil_ops::Ranges;
use mil_tensor::DType;

use crate::precision::add_fp16_cast::{range::INFINITE, whole::ARITHMETIC};

/// Functions that turn an angle into a number, and need its fraction of a turn.
const PERIODIC: &[&str] = &["cos", "sin", "tan"];

/// Within so many radians, fp16 has an angle to two thousandths.
const SMALL_ANGLE: f64 = 8.0;

/// Ops that are to keep fp32, each with the reason.
pub(super) fn kept(graph: &Graph, ranges: &Ranges) -> BTreeMap<OpId, String> {
    let mut kept = beyond(graph, ranges);
    for op in angles(graph, ranges) {
        kept.entry(op)
            .or_insert_with(|| "it computes angles from whole numbers, whose turns fp16 loses".to_owned());
    }
    kept
}

/// Ops that take or give numbers beyond fp16, as far as that is to be expected: of sums of products it is not,
/// however far out their bounds are. What stands for infinity is left to those who make it safe.
fn beyond(graph: &Graph, ranges: &Ranges) -> BTreeMap<OpId, String> {
    let leaves = |value: &ValueId| {
        let range = ranges.of_value(*value);
        let is_fp32 = graph.value(*value).ty().dtype() == Some(DType::Fp32);
        is_fp32
            && graph.const_literal(*value).is_none()
            && range.leaves_fp16()
            && range.magnitude() < INFINITE
    };
    let of_op = |op: OpId| {
        let found = graph.op(op);
        let value = found.results().iter().copied().chain(found.values()).find(leaves)?;
        Some((
            op,
            format!("{} ranges over {}, beyond fp16", graph.value(value).name(), ranges.of_value(value)),
        ))
    };
    graph.walk().filter_map(of_op).collect()
}

/// Ops between integers and a sine of what is computed of them: a position of 1000 has an angle to half a
/// radian in fp16.
fn angles(graph: &Graph, ranges: &Ranges) -> BTreeSet<OpId> {
    let is_fp32 = |value: &ValueId| graph.value(*value).ty().dtype() == Some(DType::Fp32);
    let is_large = |value: ValueId| ranges.of_value(value).magnitude() > SMALL_ANGLE;
    let mut whole: BTreeSet<ValueId> = BTreeSet::new();
    let mut between = Vec::new();
    for op in graph.walk() {
        let found = graph.op(op);
        let kind = found.kind().as_str();
        let from_integers = match kind {
            "cast" => graph.param_type(op, "x").and_then(|ty| ty.dtype()).is_some_and(DType::is_int),
            "range_1d" => true,
            "linear" | "matmul" => found.values().any(|value| whole.contains(&value)),
            _ => ARITHMETIC.contains(&kind) && found.values().any(|value| whole.contains(&value)),
        };
        if from_integers && found.results().iter().copied().any(is_large) {
            whole.extend(found.results().iter().copied().filter(is_fp32));
            between.push(op);
        } else if PERIODIC.contains(&kind) {
            between.push(op);
        }
    }
    let mut kept = BTreeSet::new();
    let mut needed: BTreeSet<ValueId> = BTreeSet::new();
    for op in between.into_iter().rev() {
        let found = graph.op(op);
        let is_end = PERIODIC.contains(&found.kind().as_str());
        if is_end && found.values().any(|value| whole.contains(&value))
            || found.results().iter().any(|value| needed.contains(value))
        {
            needed.extend(found.values().filter(|value| whole.contains(value)));
            kept.insert(op);
        }
    }
    kept
}
