//! `alpha * x` below 0.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha] => if x < 0.0 { alpha * x } else { x });
    elementwise::with_parameters(cx, ["alpha"], function)
}
