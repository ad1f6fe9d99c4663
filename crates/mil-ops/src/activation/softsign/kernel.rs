//! `x / (1 + |x|)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_real!(cx, F, x => x / (1.0 + x.abs()))
}
