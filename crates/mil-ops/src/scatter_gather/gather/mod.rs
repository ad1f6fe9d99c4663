//! `gather`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gather",
    family: Family::ScatterGather,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("indices", INT32, ""),
                Param::tensor("axis", INT32, "").constant().or_int(0),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("indices", Types::Domain("I"), ""),
                Param::tensor("axis", INT32, "").constant().or_int(0),
                Param::tensor("batch_dims", INT32, "").constant().or_int(0),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32]), ("I", &[Int16, Int32, Uint16])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("indices", Types::Domain("I"), ""),
                Param::tensor("axis", INT32, "").constant().or_int(0),
                Param::tensor("batch_dims", INT32, "").constant().or_int(0),
                Param::tensor("validate_indices", BOOL, "").constant().or_bool(false),
            ],
            domains: &[
                ("T", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("I", &[Int8, Int16, Int32, Uint8, Uint16]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
