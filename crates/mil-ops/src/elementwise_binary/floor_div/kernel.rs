//! Quotient, rounded down. Of integers it is 0 where the divisor is 0, as in NumPy.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, floor_div, floor_div, |a, b| {
        if b == 0 {
            return 0;
        }
        let quotient = a.wrapping_div(b);
        if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
    })
}

/// As Python defines it: through the remainder, so that `1 // 0.1` is 9.
fn floor_div<F: Real>(a: F, b: F) -> F {
    if b == F::zero() {
        return a / b;
    }
    let remainder = a.rem(b);
    let mut quotient = (a - remainder) / b;
    if remainder != F::zero() && (b < F::zero()) != (remainder < F::zero()) {
        quotient -= F::one();
    }
    if quotient == F::zero() {
        return F::zero() * (a / b);
    }
    let floor = quotient.floor();
    if quotient - floor > F::of(0.5) { floor + F::one() } else { floor }
}
