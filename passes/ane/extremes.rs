//! Places of extremes, as the numbers that `reduce_argmax` gives and as one-hot floats.

use mil_ir::{NewOp, OpId, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::{Steps, to_the_end};

/// fp16 counts so far.
const LONGEST: usize = 2048;

/// Indices that are places of extremes along an axis.
pub(super) struct Places {
    pub(super) x: ValueId,
    pub(super) shape: Vec<usize>,
    pub(super) axis: usize,
    best: &'static str,
    /// The ops between, which fall away where nothing else uses them.
    pub(super) gone: Vec<OpId>,
}

impl Places {
    /// The op that found indices, through whatever leaves them what they are.
    pub(super) fn behind(rw: &Rewrite<'_>, mut indices: ValueId) -> Result<Places, No> {
        let mut gone = Vec::new();
        loop {
            let op = rw.graph().definition(indices).ok_or(No::miss("the indices are an input"))?;
            rw.known(op)?;
            gone.push(op);
            if rw.is(op, &["reduce_argmax", "reduce_argmin"]) {
                let x = rw.input(op, "x")?;
                let shape = rw.shape(x)?;
                let axis = rw.call(op)?.axis("axis", shape.len())?;
                No::unless(rw.dtype(x)?.is_float(), "the maximum is not of floats")?;
                No::unless(shape[axis] <= LONGEST, "the axis is too long to count in fp16")?;
                let best = if rw.is(op, &["reduce_argmax"]) { "reduce_max" } else { "reduce_min" };
                return Ok(Places { x, shape, axis, best, gone });
            }
            indices = match rw.graph().op(op).kind().as_str() {
                "reshape" | "expand_dims" | "squeeze" | "identity" => rw.input(op, "x")?,
                "cast" => {
                    No::unless(rw.dtype(indices)?.is_int(), "the indices are cast to floats")?;
                    rw.input(op, "x")?
                }
                // Counted from the end where negative: a place is not.
                "select" => {
                    let test = rw.producer(op, "cond", &["greater_equal"])?;
                    let value = rw.input(op, "a")?;
                    let guards = rw.input(test, "x")? == value && rw.constant(test, "y")?.is_splat_of(0.0)?;
                    No::unless(guards, "the indices are chosen by something else")?;
                    value
                }
                kind => return Err(No::miss(format!("the indices come from {kind}"))),
            };
        }
    }

    /// One-hot floats along a last axis: 1 at the first of the largest elements.
    pub(super) fn marks(&self, steps: &mut Steps<'_, '_>, dtype: DType) -> Result<ValueId, No> {
        let (order, _) = to_the_end(self.shape.len(), self.axis);
        let last = self.shape.len() - 1;
        let x = steps.transpose("last", self.x, &order)?;
        let best = steps.reduce("best", self.best, x, &[last])?;
        let is_best = steps.binary("is_best", "equal", x, best)?;
        let hits = steps.cast("hits", is_best, dtype)?;
        // Less how many hits stand before it: only the first is left above zero.
        let count = self.shape[self.axis];
        let places = (0..count).flat_map(|row| (0..count).map(move |column| (row, column)));
        let weight = places.map(|(row, column)| match column.cmp(&row) {
            std::cmp::Ordering::Less => -1.0,
            std::cmp::Ordering::Equal => 1.0,
            std::cmp::Ordering::Greater => 0.0,
        });
        let weight = Tensor::from_f64s(dtype, &[count, count], &weight.collect::<Vec<f64>>())?;
        let first = steps.emit("first", NewOp::new("linear").with("x", hits).with("weight", weight))?;
        steps.unary("marks", "relu", first)
    }
}
