//! Power. Of integers it wraps; with a negative exponent it is truncated to an integer.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, Real::pow, Real::pow, |a, b| match u32::try_from(b) {
        Ok(exponent) => a.wrapping_pow(exponent),
        Err(_) => libm::pow(a as f64, b as f64) as i64,
    })
}
