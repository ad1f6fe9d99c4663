//! Place of the largest element: the first one, or the first NaN, as in NumPy.

use crate::eval::prelude::*;
use crate::eval::reduce;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    reduce::extreme_index(cx, |a, b| a > b)
}
