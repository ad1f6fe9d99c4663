//! `identity`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "identity",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version { since: Target::IOS13, params: &[Param::any("x", "")], domains: &[] }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
