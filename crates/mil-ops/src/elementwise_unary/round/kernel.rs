//! Rounds to the nearest integer, halves to even as NumPy does.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    map_real!(cx, F, x => Real::round_even(x))
}
