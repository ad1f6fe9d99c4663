//! `batch_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "batch_norm",
    family: Family::Normalization,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("mean", T, "").constant(),
                Param::tensor("variance", T, "").constant(),
                Param::tensor("gamma", T, "").constant().optional(),
                Param::tensor("beta", T, "").constant().optional(),
                Param::tensor("epsilon", T, "").constant().or_float(1e-5),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("mean", Types::Domain("U"), "").constant(),
                Param::tensor("variance", Types::Domain("U"), "").constant(),
                Param::tensor("gamma", Types::Domain("U"), "").constant().optional(),
                Param::tensor("beta", Types::Domain("U"), "").constant().optional(),
                Param::tensor("epsilon", Types::Domain("U"), "").constant().or_float(1e-5),
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
