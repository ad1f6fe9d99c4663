//! Arrays one behind the other along a new axis.

use crate::eval::prelude::*;
use crate::eval::slicing::join;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let arrays = cx.arrays("values")?;
    let first = *arrays.first().ok_or_else(|| EvalError::Missing("values".into()))?;
    ensure!(arrays.iter().all(|array| array.shape() == first.shape()), "arrays of different shapes");
    let axis = cx.axis("axis", first.rank() + 1)?;
    let mut shape: Shape = first.shape().into();
    shape.insert(axis, arrays.len());
    one(join(cx, &arrays, axis, &shape)?)
}
