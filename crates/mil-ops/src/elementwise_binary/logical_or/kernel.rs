//! Disjunction.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::logical(cx, |a, b| a || b)
}
