//! Finite numbers beyond the range of fp16: masks, mostly.

use std::collections::HashMap;

use half::f16;
use mil_ir::{Graph, Literal, OpId, ValueId};
use mil_tensor::{DType, Data, Tensor, TensorError};

/// Magnitude from which on a finite fp32 constant stands for infinity (a mask, for example).
pub(super) const INFINITE: f64 = 1e38;

/// What such a constant becomes where it is added to others: two of them and a score are within the range.
pub(super) const MASK: f64 = 30_000.0;

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

/// What is known of a value beyond the range of fp16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beyond {
    /// It may have finite elements there.
    Finite,
    /// And infinities besides.
    Infinite,
}

/// Values in fp32 that may have finite elements beyond the range of fp16: those that a constant makes so, and what
/// arithmetic makes of them.
#[derive(Default)]
pub(super) struct Ranges(HashMap<ValueId, Beyond>);

impl Ranges {
    /// What a value that an op takes is.
    pub(super) fn of(&self, value: ValueId) -> Option<Beyond> {
        self.0.get(&value).copied()
    }

    /// The op cannot compute in fp16: a constant is beyond its range, or the result is because an operand is.
    pub(super) fn keeps_fp32(&self, graph: &Graph, op: OpId) -> Result<bool, TensorError> {
        let operands = self.operands(graph, op);
        Ok(match operands {
            Some(Beyond::Infinite) => true,
            Some(Beyond::Finite) if GROWS.contains(&graph.op(op).kind().as_str()) => true,
            _ => constants(graph, op)?.beyond,
        })
    }

    /// The op stays in fp32: its results are as large as its constants and operands make them.
    pub(super) fn stays(&mut self, graph: &Graph, op: OpId) -> Result<(), TensorError> {
        if !GROWS.contains(&graph.op(op).kind().as_str()) {
            return Ok(());
        }
        let constants = constants(graph, op)?;
        let own = constants.beyond.then_some(Beyond::Finite);
        let largest = own.max(self.operands(graph, op));
        if let Some(found) = largest {
            let found = if constants.infinite { Beyond::Infinite } else { found };
            self.0.extend(graph.op(op).results().iter().map(|&value| (value, found)));
        }
        Ok(())
    }

    fn operands(&self, graph: &Graph, op: OpId) -> Option<Beyond> {
        if self.0.is_empty() {
            return None;
        }
        graph.op(op).values().filter_map(|value| self.of(value)).max()
    }
}

/// What the constants of an op have.
struct Constants {
    /// A finite element that fp16 has not, and that is not meant as infinity.
    beyond: bool,
    infinite: bool,
}

fn constants(graph: &Graph, op: OpId) -> Result<Constants, TensorError> {
    let found = graph.op(op);
    let operands = found.operands().filter_map(|operand| graph.literal(operand)?.as_tensor());
    let attributes = found.attributes().values().filter_map(Literal::as_tensor);
    let mut constants = Constants { beyond: false, infinite: false };
    let known = |tensor: &&Tensor| !matches!(tensor.data(), Data::Opaque(_));
    for tensor in operands.chain(attributes).filter(|tensor| tensor.dtype() == DType::Fp32).filter(known) {
        let max = f64::from(f16::MAX.to_f32());
        tensor.for_each_f64_chunk(|values| {
            constants.beyond |= values.iter().any(|value| value.abs() > max && value.abs() < INFINITE);
            constants.infinite |= values.iter().any(|value| value.is_infinite());
        })?;
    }
    Ok(constants)
}

/// The largest magnitude of what constants beyond the range become in an op.
pub(super) fn limit(kind: &str) -> f64 {
    if ADDS.contains(&kind) { MASK } else { f64::from(f16::MAX.to_f32()) }
}
