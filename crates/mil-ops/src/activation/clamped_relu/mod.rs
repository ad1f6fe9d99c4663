//! `clamped_relu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("alpha", T, "Slope below 0.").constant(),
    Param::tensor("beta", T, "Upper bound.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "clamped_relu",
    family: Family::Activation,
    doc: "`min(x, beta)` where `x ≥ 0`, else `min(alpha · x, beta)`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Slope below 0.").constant(),
                    Param::tensor("beta", Types::Domain("U"), "Upper bound.").constant(),
                ],
            ),
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
