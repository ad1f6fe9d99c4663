//! Sign: -1, 0 or 1. That of NaN is NaN, as in NumPy.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_number!(
        cx, F,
        x => if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else if x.is_nan() { x } else { 0.0 },
        n => n.signum()
    )
}
