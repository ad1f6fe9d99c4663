//! `log`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "log",
    family: Family::ElementwiseUnary,
    doc: "`ln(x + epsilon)`; NaN below 0.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("epsilon", T, "Added to `x`.").constant().or_float(1e-45),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("epsilon", Types::Domain("U"), "Added to `x`.").constant().or_float(1e-45),
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
