//! `clip`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("alpha", T, "Lower bound, less than `beta`.").constant(),
    Param::tensor("beta", T, "Upper bound.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "clip",
    family: Family::ElementwiseUnary,
    doc: "`min(max(x, alpha), beta)`.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version { since: Release::IOS17, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
