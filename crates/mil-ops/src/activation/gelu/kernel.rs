//! Gaussian error linear unit, in its three modes.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    match cx.text("mode")? {
        "EXACT" => map_real!(cx, F, x => 0.5 * x * Real::erfc(-x * F::of(std::f64::consts::FRAC_1_SQRT_2))),
        "TANH_APPROXIMATION" => map_real!(cx, F, x => {
            let inner = F::of(std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)
                * (x + F::of(0.044715) * x * x * x);
            0.5 * x * (1.0 + Real::tanh(inner))
        }),
        "SIGMOID_APPROXIMATION" => map_real!(cx, F, x => x * (F::of(1.702) * x).sigmoid()),
        other => Err(EvalError::Unsupported(format!("gelu with mode {other}"))),
    }
}
