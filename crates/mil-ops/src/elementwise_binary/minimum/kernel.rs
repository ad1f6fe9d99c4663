//! The smaller one; NaN if one is.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, |a, b| a.smaller(b), |a, b| a.smaller(b), |a, b| a.min(b))
}
