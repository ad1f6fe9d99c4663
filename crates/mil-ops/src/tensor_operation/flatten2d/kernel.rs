//! Two axes: those before an axis, and the rest.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let split = cx.int("axis")?;
    let split = if split < 0 { split + x.rank() as i64 } else { split };
    let split = usize::try_from(split).ok().filter(|&split| split <= x.rank());
    let split = split.ok_or_else(|| EvalError::invalid(format!("axis {split:?} of rank {}", x.rank())))?;
    let (before, after) = x.shape().split_at(split);
    one(x.reshaped(&[before.iter().product(), after.iter().product()])?)
}
