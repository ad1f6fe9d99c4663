//! The larger one; NaN if one is.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, |a, b| a.larger(b), |a, b| a.larger(b), |a, b| a.max(b))
}
