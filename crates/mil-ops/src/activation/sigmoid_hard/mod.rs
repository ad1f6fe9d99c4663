//! `sigmoid_hard`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("alpha", T, "Slope.").constant(),
    Param::tensor("beta", T, "Value at 0.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "sigmoid_hard",
    family: Family::Activation,
    doc: "`min(max(alpha · x + beta, 0), 1)`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Slope.").constant(),
                    Param::tensor("beta", Types::Domain("U"), "Value at 0.").constant(),
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
