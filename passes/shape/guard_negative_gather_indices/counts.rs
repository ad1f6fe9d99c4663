//! Integers that are never negative, whatever the inputs: what counts, and what is computed from counts.

use mil_ir::{Graph, OpId, Operand, ValueId};
use mil_pass::Rewrite;
use mil_tensor::{DType, Tensor};

/// The largest int32, for what is only known not to be negative.
const MOST: i64 = i32::MAX as i64;

/// So many values are looked at, and so many elements of a constant.
const STEPS: usize = 64;
const ELEMENTS: usize = 1 << 16;

/// The largest step of a counter.
const STEP: i64 = 1 << 16;

/// No element of the value is negative, and none is larger than this. A cast between integers keeps what fits;
/// an index that does not names no element either way.
pub(super) fn largest(rw: &Rewrite<'_>, value: ValueId) -> Option<i64> {
    Search { rw, left: STEPS }.of(value)
}

struct Search<'r, 'g> {
    rw: &'r Rewrite<'g>,
    left: usize,
}

impl Search<'_, '_> {
    fn of(&mut self, value: ValueId) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        let graph = self.rw.graph();
        if let Some(constant) = graph.const_tensor(value) {
            return of_constant(&constant);
        }
        let Some(op) = graph.definition(value) else { return self.counter(value) };
        let kind = graph.op(op).kind().as_str();
        match kind {
            "reduce_argmax" | "reduce_argmin" | "argsort" | "non_zero" | "shape" => Some(MOST),
            // What `topk` gives first are elements, and then places.
            "topk" if graph.op(op).results().get(1) == Some(&value) => Some(MOST),
            "cast" => self.cast(op),
            "range_1d" => self.range(op),
            "identity" | "reshape" | "expand_dims" | "squeeze" | "transpose" | "slice_by_index"
            | "slice_by_size" | "split" | "tile" | "reverse" | "reduce_max" | "reduce_min" | "gather"
            | "gather_along_axis" | "gather_nd" => self.operand(op, "x"),
            "concat" | "stack" => self.all(graph, op, "values"),
            "select" => Some(self.operand(op, "a")?.max(self.operand(op, "b")?)),
            "minimum" => Some(self.operand(op, "x")?.min(self.operand(op, "y")?)),
            "add" => fits(self.operand(op, "x")?.checked_add(self.operand(op, "y")?)?),
            "mul" => fits(self.operand(op, "x")?.checked_mul(self.operand(op, "y")?)?),
            "cumsum" => self.sum(op),
            _ => None,
        }
    }

    fn operand(&mut self, op: OpId, param: &str) -> Option<i64> {
        if let Some(constant) = self.rw.graph().constant(op, param) {
            return of_constant(&constant);
        }
        self.of(self.rw.graph().input(op, param)?)
    }

    fn all(&mut self, graph: &Graph, op: OpId, param: &str) -> Option<i64> {
        let mut largest = 0;
        for operand in graph.op(op).argument(param)? {
            largest = largest.max(self.bound(operand)?);
        }
        Some(largest)
    }

    fn bound(&mut self, operand: &Operand) -> Option<i64> {
        match operand.literal() {
            Some(literal) => of_constant(literal.as_tensor()?),
            None => self.of(operand.value()?),
        }
    }

    /// A variable of a loop that begins with a count and that each round keeps or moves on by a small step.
    /// Before it could wrap round, an index of it is beyond every axis.
    fn counter(&mut self, variable: ValueId) -> Option<i64> {
        let graph = self.rw.graph();
        let block = graph.block(graph.home(variable));
        let looped = block.parent().filter(|&op| graph.op(op).kind() == "while_loop")?;
        let at = block.inputs().iter().position(|&input| input == variable)?;
        let body = graph.block(*graph.op(looped).blocks().get(1)?);
        let (before, after) = (*body.inputs().get(at)?, body.outputs().nth(at)?);
        let moves_on = || {
            let step = self.rw.definition_anywhere(after, &["add"]).ok()?;
            let (by, of, _) = self.rw.with_constant(step).ok()?;
            (of == before && of_constant(&by)? <= STEP).then_some(())
        };
        (after == before || moves_on().is_some()).then_some(())?;
        self.bound(graph.op(looped).argument("loop_vars")?.get(at)?)?;
        Some(MOST)
    }

    fn cast(&mut self, op: OpId) -> Option<i64> {
        let from = self.rw.dtype(self.rw.graph().input(op, "x")?).ok()?;
        match from {
            DType::Bool => Some(1),
            DType::Uint8 => Some(u8::MAX.into()),
            DType::Uint16 => Some(u16::MAX.into()),
            _ if from.is_int() => self.operand(op, "x"),
            _ => None,
        }
    }

    /// From a start that is not negative, upwards.
    fn range(&mut self, op: OpId) -> Option<i64> {
        self.operand(op, "start")?;
        let step = self.rw.graph().constant(op, "step")?.to_i64s().ok()?;
        step.iter().all(|&step| step > 0).then_some(MOST)
    }

    /// Sums of all elements up to each.
    fn sum(&mut self, op: OpId) -> Option<i64> {
        let x = self.rw.graph().input(op, "x")?;
        let axis = self.rw.call(op).ok()?.axis("axis", self.rw.rank(x).ok()?).ok()?;
        let length = i64::try_from(self.rw.size(x, axis).ok()?).ok()?;
        fits(self.of(x)?.checked_mul(length)?)
    }
}

/// The elements of a constant; a large one is not looked through.
fn of_constant(constant: &Tensor) -> Option<i64> {
    let elements = (constant.len() <= ELEMENTS).then(|| constant.to_i64s().ok())??;
    elements.iter().all(|&element| element >= 0).then(|| elements.iter().copied().max())?
}

/// Arithmetic wraps round beyond int32.
fn fits(largest: i64) -> Option<i64> {
    (largest <= MOST).then_some(largest)
}
