//! Another shape. 0 keeps the size of that axis if the ranks are equal; -1 takes what is left.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let wanted = cx.ints("shape")?;
    let mut shape = Shape::new();
    let mut open = None;
    for (axis, &size) in wanted.iter().enumerate() {
        shape.push(match size {
            -1 => {
                ensure!(open.is_none(), "shape {wanted:?} has -1 twice");
                open = Some(axis);
                1
            }
            0 if wanted.len() == x.rank() => x.shape()[axis],
            size => usize::try_from(size).map_err(|_| EvalError::invalid(format!("shape {wanted:?}")))?,
        });
    }
    if let Some(axis) = open {
        let known: usize = crate::eval::elements(&shape).unwrap_or(0);
        ensure!(known > 0 && x.len() % known == 0, "{} elements cannot have shape {wanted:?}", x.len());
        shape[axis] = x.len() / known;
    }
    one(x.reshaped(&shape)?)
}
