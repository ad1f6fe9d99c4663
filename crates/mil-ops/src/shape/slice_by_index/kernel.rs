//! NumPy slicing: `x[begin:end:stride]` per axis, with masks.

use crate::eval::prelude::*;
use crate::eval::slicing::slice;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let slice = slice(cx, x.shape())?;
    one(strided::view(cx, x, slice.start, &slice.axes)?.reshaped(&slice.shape)?)
}
