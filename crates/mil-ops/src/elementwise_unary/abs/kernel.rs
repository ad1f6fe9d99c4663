//! Magnitude.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_number!(cx, F, x => x.abs(), n => n.wrapping_abs())
}
