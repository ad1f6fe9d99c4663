//! `scale * (data - offset)`, with one scale and offset per block.

use crate::eval::compressed::shift_scale;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    one(shift_scale(cx, cx.array("data")?, cx.array("scale")?, cx.optional("offset")?)?)
}
