//! Without some rows and columns at the edges.

use crate::eval::prelude::*;
use crate::eval::slicing::crop;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (&[top, bottom], &[left, right]) = (&cx.sizes("crop_height")?[..], &cx.sizes("crop_width")?[..])
    else {
        return Err(EvalError::invalid("crop_height and crop_width have 2 elements each"));
    };
    one(crop(cx, cx.array("x")?, (top, bottom), (left, right))?)
}
