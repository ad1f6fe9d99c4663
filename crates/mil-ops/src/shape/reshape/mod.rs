//! `reshape`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reshape",
    family: Family::Shape,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[Param::tensor("x", T, ""), Param::tensor("shape", INT32, "")],
            domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[Param::tensor("x", T, ""), Param::tensor("shape", Types::Domain("U"), "")],
            domains: &[
                ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("U", &[Int8, Int16, Int32]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
