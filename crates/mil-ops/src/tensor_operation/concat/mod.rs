//! `concat`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "concat",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::variadic("values", ""),
            Param::tensor("axis", INT32, "").constant(),
            Param::tensor("interleave", BOOL, "").constant().or_bool(false),
        ],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
