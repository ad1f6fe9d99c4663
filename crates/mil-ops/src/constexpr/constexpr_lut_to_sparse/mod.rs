//! `constexpr_lut_to_sparse`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_lut_to_sparse",
    family: Family::Constexpr,
    doc: "",
    versions: &[Version {
        since: Target::IOS18,
        params: &[
            Param::tensor("indices_mask", Types::Only(&[Uint1]), "").constant(),
            Param::tensor("indices_nonzero_data", Types::Domain("IndicesT"), "").constant(),
            Param::tensor("lut", T, "").constant(),
            Param::tensor("vector_axis", INT32, "").constant().optional(),
        ],
        domains: &[
            ("IndicesT", &[Uint1, Uint2, Uint3, Uint4, Uint6, Uint8]),
            ("T", &[Fp16, Fp32, Int8, Uint8]),
        ],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
