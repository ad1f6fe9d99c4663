//! Logarithm of the sum of exponentials, computed relative to the largest element; that of integers is
//! truncated.

use crate::eval::prelude::*;
use crate::eval::reduce::reduce_rows;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(
        cx, F,
        row => F::of(log_sum_exp(row.iter().map(|x| x.wide()))),
        row => log_sum_exp(row.iter().map(|&x| x as f64)) as i64
    )
}

fn log_sum_exp(row: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = row.clone().fold(f64::NEG_INFINITY, Real::larger);
    if largest.is_infinite() {
        return largest;
    }
    largest + libm::log(row.map(|x| libm::exp(x - largest)).sum())
}
