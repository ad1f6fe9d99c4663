//! Smallest element, NaN if one is; of no elements the greatest number.

use crate::eval::prelude::*;
use crate::eval::reduce::reduce_rows;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(cx, F, row => row.iter().fold(F::INFINITY, |a, &b| a.smaller(b)), row => row.iter().copied().min().unwrap_or(i64::from(i32::MAX)))
}
