//! One-hot floats of integers that floats can stand for.

use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{No, Rewrite};
use mil_tensor::{DType, Tensor};

use super::Steps;
use super::extremes::Places;
use super::integers::Plan;

/// fp16 counts so far.
const LONGEST: usize = 2048;

/// Integers whose marks can be made: 1 at the place that each counts, 0 at the others.
pub(super) struct Marks {
    source: Source,
    /// How many places there are.
    count: usize,
    /// Ops that fall away where nothing else uses them.
    pub(super) gone: Vec<OpId>,
}

enum Source {
    /// The places of extremes.
    Places(Places),
    /// Floats of fp16, and the shape of them.
    Counted(Plan, Vec<usize>),
}

impl Marks {
    /// Of indices that lie below `count`, for marks of this element type.
    pub(super) fn of(rw: &Rewrite<'_>, indices: ValueId, count: usize, dtype: DType) -> Result<Marks, No> {
        let reason = match Places::behind(rw, indices) {
            Ok(places) => {
                let fits = places.shape[places.axis] == count;
                No::unless(fits, "there is another number of places than of rows or marks")?;
                No::unless(rw.dtype(places.x)? == dtype, "the rows or marks have another element type")?;
                let gone = places.gone.clone();
                return Ok(Marks { source: Source::Places(places), count, gone });
            }
            Err(No::Miss(reason)) => reason,
            Err(fault) => return Err(fault),
        };
        let plan = match Plan::of(rw, Some(&Operand::Value(indices))) {
            Ok(plan) => plan,
            // What stands in the way of a place says more.
            Err(No::Miss(_)) => return Err(No::Miss(reason)),
            Err(fault) => return Err(fault),
        };
        No::unless(dtype == DType::Fp16, "the rows or marks are not fp16")?;
        No::unless(count <= LONGEST, "there are more rows than fp16 counts")?;
        No::unless(plan.low >= 0.0 && plan.high < count as f64, "an index may be outside")?;
        Ok(Marks { source: Source::Counted(plan, rw.shape(indices)?), count, gone: Vec::new() })
    }

    /// Puts the marks, along a last axis.
    pub(super) fn emit(&self, steps: &mut Steps<'_, '_>, dtype: DType) -> Result<ValueId, No> {
        let (plan, shape) = match &self.source {
            Source::Places(places) => return places.marks(steps, dtype),
            Source::Counted(plan, shape) => (plan, shape),
        };
        let counted = plan.emit(steps)?;
        let counted = steps.reshape("counted", counted, &[&shape[..], &[1]].concat())?;
        let numbers: Vec<f64> = (0..self.count).map(|number| number as f64).collect();
        let numbers = Tensor::from_f64s(dtype, &[self.count], &numbers)?;
        let is_place = NewOp::new("equal").with("x", counted).with("y", numbers);
        let is_place = steps.emit("is_place", is_place)?;
        steps.cast("marks", is_place, dtype)
    }
}
