//! Remainder with the sign of the divisor, as in Python. Of integers it is 0 where the divisor is 0.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    elementwise::arithmetic(cx, remainder, remainder, |a, b| {
        if b == 0 {
            return 0;
        }
        let rest = a.wrapping_rem(b);
        if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
    })
}

fn remainder<F: Real>(a: F, b: F) -> F {
    let rest = a.rem(b);
    if rest != F::zero() && (rest < F::zero()) != (b < F::zero()) { rest + b } else { rest }
}
