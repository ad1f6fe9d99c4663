//! `local_response_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "local_response_norm",
    family: Family::Normalization,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("size", INT32, "").constant(),
                Param::tensor("alpha", T, "").constant().or_float(1e-4),
                Param::tensor("beta", T, "").constant().or_float(0.75),
                Param::tensor("k", T, "").constant().or_float(1.0),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("size", INT32, "").constant(),
                Param::tensor("alpha", Types::Domain("U"), "").constant().or_float(1e-4),
                Param::tensor("beta", Types::Domain("U"), "").constant().or_float(0.75),
                Param::tensor("k", Types::Domain("U"), "").constant().or_float(1.0),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
