//! The larger one of `x` and `alpha`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    if cx.array("x")?.dtype().is_float() {
        return elementwise::with_parameters(cx, ["alpha"], parametric!(F, x, [alpha] => x.larger(alpha)));
    }
    let alpha = cx.float("alpha")? as i32;
    map_number!(cx, F, x => x, n => n.max(alpha))
}
