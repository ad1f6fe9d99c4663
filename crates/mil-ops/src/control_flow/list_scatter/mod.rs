//! `list_scatter`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_scatter",
    family: Family::ControlFlow,
    doc: "A list with elements replaced.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::list("ls", "The list."),
            Param::tensor("indices", INT32, "Their places."),
            Param::tensor("value", T, "The new elements, stacked along the first axis."),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_list),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
