//! `make_list`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "make_list",
    family: Family::ControlFlow,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("init_length", INT32, "").or_int(1),
            Param::tensor("dynamic_length", BOOL, "").constant().or_bool(true),
            Param::any("elem_shape", ""),
            Param::tensor("dtype", STRING, "").constant().or_str("fp32"),
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
