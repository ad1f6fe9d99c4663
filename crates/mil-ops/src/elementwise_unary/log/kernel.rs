//! Natural logarithm of `x + epsilon`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let epsilon = cx.float("epsilon")?;
    map_real!(cx, F, x => {
        let epsilon = F::of(epsilon);
        Real::ln(x + epsilon)
    })
}
