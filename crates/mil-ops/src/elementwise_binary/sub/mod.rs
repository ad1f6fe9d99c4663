//! `sub`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "sub",
    family: Family::ElementwiseBinary,
    doc: "`x - y`, broadcast to each other.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", T, "The first operand."), Param::tensor("y", T, "The second operand.")],
        domains: &[("T", &[Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
