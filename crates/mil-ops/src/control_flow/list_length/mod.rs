//! `list_length`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_length",
    family: Family::ControlFlow,
    doc: "",
    versions: &[Version { since: Target::IOS13, params: &[Param::list("ls", "")], domains: &[] }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
