//! `list_gather`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_gather",
    family: Family::ControlFlow,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[Param::list("ls", ""), Param::tensor("indices", INT32, "")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
