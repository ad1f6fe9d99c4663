//! `reduce_argmin`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reduce_argmin",
    family: Family::Reduction,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("axis", INT32, "").constant().or_int(-1),
                Param::tensor("keep_dims", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("axis", INT32, "").constant().or_int(-1),
                Param::tensor("keep_dims", BOOL, "").constant().or_bool(false),
                Param::tensor("output_dtype", STRING, "").constant().or_str("int32"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_arg),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
