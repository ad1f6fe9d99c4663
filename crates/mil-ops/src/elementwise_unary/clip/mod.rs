//! `clip`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, ""),
    Param::tensor("alpha", T, "").constant(),
    Param::tensor("beta", T, "").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "clip",
    family: Family::ElementwiseUnary,
    doc: "",
    versions: &[
        Version { since: Target::IOS13, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version { since: Target::IOS17, params: PARAMS, domains: &[("T", &[Fp16, Fp32])] },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
