//! `min(max(alpha * x + beta, 0), 1)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => (alpha * x + beta).larger(0.0).smaller(1.0));
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
