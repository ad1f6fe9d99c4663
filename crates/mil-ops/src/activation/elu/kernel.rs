//! `alpha * (exp(x) - 1)` below 0.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha] => if x < 0.0 { alpha * Real::exp_m1(x) } else { x });
    elementwise::with_parameters(cx, ["alpha"], function)
}
