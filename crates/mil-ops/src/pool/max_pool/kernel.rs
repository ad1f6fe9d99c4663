//! Largest element of each window. Padding does not count.

use crate::eval::prelude::*;
use crate::eval::window;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    window::pooled(
        cx,
        |elements, _| elements.fold(-f32::INFINITY, Real::larger),
        |elements, _| elements.fold(-f64::INFINITY, Real::larger),
    )
}
