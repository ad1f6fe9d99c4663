//! The list with one element replaced; a growing list becomes longer where the index is behind its end.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let list = cx.list("ls")?.clone();
    one(list.written(cx, cx.int("index")?, cx.array("value")?.clone())?)
}
