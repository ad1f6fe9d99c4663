//! Quotient. Of integers it is truncated to an integer; where the divisor is 0 it is 0.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, |a, b| a / b, |a, b| a / b, |a, b| if b == 0 { 0 } else { a.wrapping_div(b) })
}
