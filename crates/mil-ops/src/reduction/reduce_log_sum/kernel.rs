//! Logarithm of the sum; that of integers is truncated.

use crate::eval::prelude::*;
use crate::eval::reduce::{reduce_rows, sum};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(
        cx, F,
        row => F::of(libm::log(sum(row, Real::wide))),
        row => libm::log(row.iter().map(|&x| x as f64).sum::<f64>()) as i64
    )
}
