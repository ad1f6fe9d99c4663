//! `alpha * ln(1 + exp(beta * x))`, with both per channel.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => {
        let inner = beta * x;
        alpha * (Real::ln_1p(Real::exp(-inner.abs())) + inner.larger(0.0))
    });
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
