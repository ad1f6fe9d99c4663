//! `linear_activation`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("alpha", T, "Factor.").constant(),
    Param::tensor("beta", T, "Summand.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "linear_activation",
    family: Family::Activation,
    doc: "`alpha · x + beta`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Factor.").constant(),
                    Param::tensor("beta", Types::Domain("U"), "Summand.").constant(),
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
