//! Inequality.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::compare(cx, |a, b| a != b, |a, b| a != b)
}
