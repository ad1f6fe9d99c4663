//! `alpha * tanh(beta * x)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => alpha * Real::tanh(beta * x));
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
