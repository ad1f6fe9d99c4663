//! Sum; that of integers wraps.

use crate::eval::prelude::*;
use crate::eval::reduce::{reduce_rows, sum};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(cx, F, row => F::of(sum(row, Real::wide)), row => row.iter().fold(0, |a: i64, &b| a.wrapping_add(b)))
}
