//! Another shape. 0 keeps the size of that axis, -1 takes what is left.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let wanted = cx.ints("shape")?;
    let mut shape = Shape::new();
    let mut open = None;
    let aligned = wanted.len() == x.rank() || cx.target >= mil_ir::Release::IOS17;
    for (axis, &size) in wanted.iter().enumerate() {
        shape.push(match size {
            -1 => {
                ensure!(open.is_none(), "shape {wanted:?} has -1 twice");
                open = Some(axis);
                1
            }
            // Counted from the last axis; before iOS17 ranks are equal, or the size is 0.
            0 if aligned => (axis + x.rank()).checked_sub(wanted.len()).map_or(1, |at| x.shape()[at]),
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
