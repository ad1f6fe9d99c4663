//! `constexpr_sparse_to_dense`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_sparse_to_dense",
    family: Family::Constexpr,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("nonzero_data", T, "").constant(),
                Param::tensor("mask", Types::Only(&[Uint8]), "").constant(),
                Param::tensor("shape", Types::Only(&[Uint32]), "").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Uint8])],
        },
        Version {
            since: Target::IOS18,
            params: &[
                Param::tensor("nonzero_data", T, "").constant(),
                Param::tensor("mask", Types::Only(&[Uint1]), "").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
