//! `matmul`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "matmul",
    family: Family::Linear,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("y", T, ""),
                Param::tensor("transpose_x", BOOL, "").constant().or_bool(false),
                Param::tensor("transpose_y", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("y", Types::Domain("U"), ""),
                Param::tensor("transpose_x", BOOL, "").constant().or_bool(false),
                Param::tensor("transpose_y", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32]), ("U", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
