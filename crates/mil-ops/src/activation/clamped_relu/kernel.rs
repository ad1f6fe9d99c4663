//! `min(x, beta)` from 0 on, else `min(alpha * x, beta)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => if x >= 0.0 { x.smaller(beta) } else { (alpha * x).smaller(beta) });
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
