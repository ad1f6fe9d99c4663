//! Sum.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, |a, b| a + b, |a, b| a + b, |a, b| a.wrapping_add(b))
}
