//! Product; that of integers wraps.

use crate::eval::prelude::*;
use crate::eval::reduce::reduce_rows;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(cx, F, row => F::of(row.iter().map(|x| x.wide()).product()), row => row.iter().fold(1, |a: i64, &b| a.wrapping_mul(b)))
}
