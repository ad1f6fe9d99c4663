//! `gelu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gelu",
    family: Family::Activation,
    doc: "`x · Φ(x)`, where Φ is the distribution function of the standard normal distribution.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor(
                "mode",
                STRING,
                "The formula: `x/2 · (1 + erf(x/√2))`, `x/2 · (1 + tanh(√(2/π) · (x + \
                 0.044715x³)))`, or `x · sigmoid(1.702x)`.",
            )
            .one_of(&["EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION"])
            .constant()
            .or_str("EXACT"),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
