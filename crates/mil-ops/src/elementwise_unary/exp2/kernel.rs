//! Power of two; of integers truncated to an integer.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_number!(cx, F, x => Real::exp2(x), n => libm::exp2(f64::from(n)) as i32)
}
