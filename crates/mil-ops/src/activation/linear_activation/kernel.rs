//! `alpha * x + beta`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => alpha * x + beta);
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
