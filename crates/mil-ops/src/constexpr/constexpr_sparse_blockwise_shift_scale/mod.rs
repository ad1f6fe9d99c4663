//! `constexpr_sparse_blockwise_shift_scale`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_sparse_blockwise_shift_scale",
    family: Family::Constexpr,
    doc: "",
    versions: &[Version {
        since: Target::IOS18,
        params: &[
            Param::tensor("data_mask", Types::Only(&[Uint1]), "").constant(),
            Param::tensor("nonzero_data", Types::Domain("SrcT"), "").constant(),
            Param::tensor("scale", Types::Domain("DstT"), "").constant(),
            Param::tensor("offset", Types::Domain("OffsetT"), "").constant().optional(),
        ],
        domains: &[
            ("SrcT", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8]),
            ("DstT", &[Fp16, Fp32]),
            ("OffsetT", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8]),
        ],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
