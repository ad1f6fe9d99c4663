//! `scaled_tanh`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("alpha", T, "Factor of the result.").constant(),
    Param::tensor("beta", T, "Factor of `x`.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scaled_tanh",
    family: Family::Activation,
    doc: "`alpha · tanh(beta · x)`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Factor of the result.").constant(),
                    Param::tensor("beta", Types::Domain("U"), "Factor of `x`.").constant(),
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
