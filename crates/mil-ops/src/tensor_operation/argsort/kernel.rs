//! Places of the elements in sorted order along an axis. Equal elements keep their order; NaN comes last.

use crate::eval::prelude::*;
use crate::eval::sort::sorted;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let order = sorted(cx, x, axis, cx.bool("ascending")?, x.shape()[axis])?;
    one(cx.index_array(0, x.shape(), order)?)
}
