//! Arrays one behind the other along an axis; interleaved: their slices take turns. Scalars give a vector.

use crate::eval::prelude::*;
use crate::eval::slicing::join;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let arrays = cx.arrays("values")?;
    let scalars = arrays.first().is_some_and(|first| first.rank() == 0);
    let lifted: Vec<Array> = if scalars {
        arrays.iter().map(|array| array.reshaped(&[1])).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let arrays = if scalars { lifted.iter().collect() } else { arrays };
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
