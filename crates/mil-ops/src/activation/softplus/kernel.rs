//! `ln(1 + exp(x))`, as `ln(1 + exp(-|x|)) + max(x, 0)`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_real!(cx, F, x => Real::ln_1p(Real::exp(-x.abs())) + x.larger(0.0))
}
