//! `ceil`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "ceil",
    family: Family::ElementwiseUnary,
    doc: "The smallest integer that is not less than `x`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", T, "The input.")],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
