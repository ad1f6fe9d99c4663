//! `topk`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "topk",
    family: Family::TensorOperation,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("k", INT32, "").constant().or_int(1),
                Param::tensor("axis", INT32, "").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("k", INT32, "").constant().or_int(1),
                Param::tensor("axis", INT32, "").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "").constant().or_bool(false),
                Param::tensor("sort", BOOL, "").constant().or_bool(true),
                Param::tensor("return_indices", BOOL, "").constant().or_bool(true),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("k", Types::Domain("K"), "").constant().or_int(1),
                Param::tensor("axis", INT32, "").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "").constant().or_bool(false),
                Param::tensor("sort", BOOL, "").constant().or_bool(true),
                Param::tensor("return_indices", BOOL, "").constant().or_bool(true),
                Param::tensor("output_indices_dtype", STRING, "").constant().or_str("int32"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]), ("K", &[Int8, Int16, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
