//! `threshold`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "threshold",
    family: Family::ElementwiseUnary,
    doc: "`max(x, alpha)`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", T, "The input."), Param::tensor("alpha", T, "Lower bound.").constant()],
        domains: &[("T", &[Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
