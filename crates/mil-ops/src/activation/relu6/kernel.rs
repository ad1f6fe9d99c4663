//! `min(max(x, 0), 6)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_real!(cx, F, x => x.larger(0.0).smaller(6.0))
}
