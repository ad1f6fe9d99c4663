//! Without axes of one element: those named, or all.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let dropped = match cx.optional_ints("axes")? {
        Some(list) => axes(&list, x.rank())?,
        None => (0..x.rank()).filter(|&axis| x.shape()[axis] == 1).collect(),
    };
    for &axis in &dropped {
        ensure!(x.shape()[axis] == 1, "axis {axis} of shape {:?} has not one element", x.shape());
    }
    let shape: Shape =
        (0..x.rank()).filter(|axis| !dropped.contains(axis)).map(|axis| x.shape()[axis]).collect();
    one(x.reshaped(&shape)?)
}
