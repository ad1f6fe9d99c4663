//! Finite numbers beyond the range of fp16: masks, mostly.

use foldhash::HashSet;
use half::f16;
use mil_ir::{Graph, Literal, OpId, ValueId};
use mil_tensor::{DType, Data, Tensor, TensorError};

/// Magnitude from which on a finite fp32 constant stands for infinity (a mask, for example).
pub(in crate::precision) const INFINITE: f64 = 1e38;

/// What such a constant becomes where it is added to others: two of them and a score are within the range.
pub(in crate::precision) const MASK: u16 = 30_000;

/// Ops in which it is added, or from which it goes on to be.
const ADDS: &[&str] = &["add", "sub", "mul", "select"];

/// Ops whose result is as large as their operands are.
const GROWS: &[&str] = &[
    "abs",
    "add",
    "concat",
    "expand_dims",
    "gather",
    "identity",
    "maximum",
    "minimum",
    "mul",
    "pad",
    "real_div",
    "reduce_max",
    "reduce_min",
    "reduce_sum",
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

/// Values in fp32 that may have finite elements beyond the range of fp16: those that a constant makes so, and
/// what arithmetic makes of them.
#[derive(Default)]
pub(in crate::precision) struct Ranges(HashSet<ValueId>);

impl Ranges {
    /// The op cannot compute in fp16: one of its operands is beyond the range.
    pub(in crate::precision) fn keeps_fp32(&self, graph: &Graph, op: OpId) -> Result<bool, TensorError> {
        Ok(self.takes_beyond(graph, op) || has_constant_beyond(graph, op)?)
    }

    /// The op stays in fp32: its results may be as large as its operands.
    pub(in crate::precision) fn stays(&mut self, graph: &Graph, op: OpId) -> Result<(), TensorError> {
        if GROWS.contains(&graph.op(op).kind().as_str()) && self.keeps_fp32(graph, op)? {
            self.0.extend(graph.op(op).results());
        }
        Ok(())
    }

    fn takes_beyond(&self, graph: &Graph, op: OpId) -> bool {
        !self.0.is_empty() && graph.op(op).values().any(|value| self.0.contains(&value))
    }
}

/// A constant operand has a finite element that fp16 has not, and that is not meant as infinity.
fn has_constant_beyond(graph: &Graph, op: OpId) -> Result<bool, TensorError> {
    let found = graph.op(op);
    let operands = found.operands().filter_map(|operand| graph.literal(operand)?.as_tensor());
    let attributes = found.attributes().values().filter_map(Literal::as_tensor);
    let mut beyond = false;
    let known = |tensor: &&Tensor| !matches!(tensor.data(), Data::Opaque(_));
    for tensor in operands.chain(attributes).filter(|tensor| tensor.dtype() == DType::Fp32).filter(known) {
        let max = f64::from(f16::MAX.to_f32());
        tensor.for_each_f64_chunk(|values| {
            beyond |= values.iter().any(|value| value.abs() > max && value.abs() < INFINITE);
        })?;
    }
    Ok(beyond)
}

/// A constant has a finite element that stands for infinity.
pub(super) fn stands_for_infinity(tensor: &Tensor) -> Result<bool, TensorError> {
    let mut stands = false;
    if !matches!(tensor.data(), Data::Opaque(_)) {
        tensor.for_each_f64_chunk(|values| {
            stands |= values.iter().any(|value| value.is_finite() && value.abs() >= INFINITE);
        })?;
    }
    Ok(stands)
}

/// The largest magnitude of what constants beyond the range become in an op.
pub(super) fn limit(kind: &str) -> u16 {
    if ADDS.contains(&kind) { MASK } else { 65504 }
}
