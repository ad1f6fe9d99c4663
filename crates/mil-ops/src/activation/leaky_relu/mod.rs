//! `leaky_relu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] =
    [Param::tensor("x", T, "The input."), Param::tensor("alpha", T, "Slope below 0.").constant()];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "leaky_relu",
    family: Family::Activation,
    doc: "`x` where `x ≥ 0`, else `alpha · x`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor("alpha", Types::Domain("U"), "Slope below 0.").constant()],
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
