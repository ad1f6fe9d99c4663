//! 0 below `alpha`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let function = parametric!(F, x, [alpha] => if x < alpha { 0.0 } else { x });
    elementwise::with_parameters(cx, ["alpha"], function)
}
