//! `scatter_along_axis`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scatter_along_axis",
    family: Family::ScatterGather,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("data", T, ""),
                Param::tensor("indices", INT32, ""),
                Param::tensor("updates", T, ""),
                Param::tensor("axis", INT32, "").constant().or_int(0),
                Param::tensor("mode", STRING, "").constant().or_str("add"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("data", T, ""),
                Param::tensor("indices", INT32, ""),
                Param::tensor("updates", T, ""),
                Param::tensor("axis", INT32, "").constant().or_int(0),
                Param::tensor("mode", STRING, "").constant().or_str("add"),
                Param::tensor("validate_indices", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
