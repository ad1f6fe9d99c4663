//! `rsqrt`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "rsqrt",
    family: Family::ElementwiseUnary,
    doc: "`1 / √(x + epsilon)`.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("epsilon", T, "Added to `x`.").constant().or_float(1e-12),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("epsilon", Types::Domain("U"), "Added to `x`.").constant().or_float(1e-12),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
