//! `thresholded_relu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] =
    [Param::tensor("x", T, "The input."), Param::tensor("alpha", T, "The threshold.").constant()];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "thresholded_relu",
    family: Family::Activation,
    doc: "`x` where `x ≥ alpha`, else 0.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor("alpha", Types::Domain("U"), "The threshold.").constant()],
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
