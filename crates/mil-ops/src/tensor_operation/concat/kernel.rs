//! Arrays one behind the other along an axis; interleaved: their slices take turns.

use crate::eval::prelude::*;
use crate::eval::slicing::join;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    // Numbers of rank 0 are rows of one element.
    let rows = cx.arrays("values")?.into_iter().map(|array| match array.rank() {
        0 => array.reshaped(&[1]),
        _ => Ok(array.clone()),
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let arrays: Vec<&Array> = rows.iter().collect();
    let first = *arrays.first().ok_or_else(|| EvalError::Missing("values".into()))?;
    let axis = cx.axis("axis", first.rank())?;
    if cx.bool("interleave")? {
        ensure!(
            arrays.iter().all(|array| array.shape() == first.shape()),
            "interleaved arrays of different shapes"
        );
        let mut shape: Shape = first.shape().into();
        shape[axis] *= arrays.len();
        return one(join(cx, &arrays, axis + 1, &shape)?);
    }
    let mut shape: Shape = first.shape().into();
    shape[axis] = 0;
    for array in &arrays {
        let fits = array.rank() == shape.len()
            && (0..shape.len()).all(|other| other == axis || array.shape()[other] == shape[other]);
        ensure!(fits, "shapes {:?} and {:?} along axis {axis}", first.shape(), array.shape());
        shape[axis] += array.shape()[axis];
    }
    one(join(cx, &arrays, axis, &shape)?)
}
