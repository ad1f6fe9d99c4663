//! Repetitions along each axis.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let reps = cx.sizes("reps")?;
    ensure!(reps.len() == x.rank(), "{} reps for rank {}", reps.len(), x.rank());
    let mut shape = Shape::new();
    let mut view = strided::Axes::new();
    for ((size, stride), &count) in strided::whole(x.shape()).into_iter().zip(&reps) {
        view.push((count, 0));
        view.push((size, stride));
        shape.push(size.checked_mul(count).ok_or_else(|| EvalError::invalid("reps that overflow"))?);
    }
    one(strided::view(cx, x, 0, &view)?.reshaped(&shape)?)
}
