//! `prelu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "prelu",
    family: Family::Activation,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[Param::tensor("x", T, ""), Param::tensor("alpha", T, "").constant()],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[Param::tensor("x", T, ""), Param::tensor("alpha", Types::Domain("U"), "").constant()],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
