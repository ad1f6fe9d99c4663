//! Bounds `x` by `alpha` from below and by `beta` from above.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha, beta] => x.larger(alpha).smaller(beta));
    elementwise::with_parameters(cx, ["alpha", "beta"], function)
}
