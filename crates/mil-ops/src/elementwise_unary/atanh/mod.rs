//! `atanh`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "atanh",
    family: Family::ElementwiseUnary,
    doc: "`ln((1 + x) / (1 - x)) / 2`; infinite at ±1, NaN beyond.",
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
