//! Exponentials that sum up to 1 along an axis, computed relative to the largest element.

use crate::eval::prelude::*;
use crate::eval::reduce;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    reduce::softmax(cx, x, axis)
}
