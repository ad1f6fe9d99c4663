//! `select`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "select",
    family: Family::ControlFlow,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[Param::tensor("cond", BOOL, ""), Param::tensor("a", T, ""), Param::tensor("b", T, "")],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
