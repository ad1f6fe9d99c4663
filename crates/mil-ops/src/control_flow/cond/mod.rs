//! `cond`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "cond",
    family: Family::ControlFlow,
    doc: "",
    versions: &[Version { since: Target::IOS13, params: &[Param::tensor("pred", BOOL, "")], domains: &[] }],
    effect: Effect::Pure,
    traits: &[Trait::Blocks],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
