//! `linear`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "linear",
    family: Family::Linear,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", T, "").constant(),
                Param::tensor("bias", T, "").constant().or_derived("zeros, in the type of `weight`"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", Types::Domain("U"), "").constant(),
                Param::tensor("bias", Types::Domain("U"), "")
                    .constant()
                    .or_derived("zeros, in the type of `weight`"),
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
