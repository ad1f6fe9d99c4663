//! `rsqrt`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "rsqrt",
    family: Family::ElementwiseUnary,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[Param::tensor("x", T, ""), Param::tensor("epsilon", T, "").constant().or_float(1e-12)],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("epsilon", Types::Domain("U"), "").constant().or_float(1e-12),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
