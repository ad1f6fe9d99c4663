//! Root of the sum of squares; that of integers is truncated.

use crate::eval::prelude::*;
use crate::eval::reduce::{reduce_rows, sum};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce_rows!(
        cx, F,
        row => F::of(sum(row, |x| x.wide() * x.wide()).sqrt()),
        row => row.iter().map(|&x| (x as f64) * (x as f64)).sum::<f64>().sqrt() as i64
    )
}
