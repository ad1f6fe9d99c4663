//! `softmax`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "softmax",
    family: Family::Activation,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[Param::tensor("x", T, ""), Param::tensor("axis", INT32, "").constant().or_int(-1)],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
