//! `inverse`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("epsilon", T, "Added to `x`.").constant().or_float(1e-4),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "inverse",
    family: Family::ElementwiseUnary,
    doc: "`1 / (x + epsilon)`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor("epsilon", Types::Domain("U"), "Added to `x`.").constant().or_float(1e-4)],
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
