//! `write_state`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "write_state",
    family: Family::State,
    doc: "",
    versions: &[Version {
        since: Target::IOS18,
        params: &[Param::state("input", ""), Param::tensor("data", Types::Any, "")],
        domains: &[],
    }],
    effect: Effect::WritesState,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
