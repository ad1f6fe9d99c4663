//! Largest element, NaN if one is; of no elements the least number.

use crate::eval::prelude::*;
use crate::eval::reduce::reduce_rows;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(cx, F, row => row.iter().fold(-F::INFINITY, |a, &b| a.larger(b)), row => row.iter().copied().max().unwrap_or(i64::from(i32::MIN)))
}
