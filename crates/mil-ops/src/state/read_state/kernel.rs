//! The contents of a state.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    one(cx.state("input")?.read())
}
