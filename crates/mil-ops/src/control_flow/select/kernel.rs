//! The elements of `a` where `cond` holds, else those of `b`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    one(elementwise::select(cx, cx.array("cond")?, cx.array("a")?, cx.array("b")?)?)
}
