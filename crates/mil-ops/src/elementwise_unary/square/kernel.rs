//! Square.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_number!(cx, F, x => x * x, n => n.wrapping_mul(n))
}
