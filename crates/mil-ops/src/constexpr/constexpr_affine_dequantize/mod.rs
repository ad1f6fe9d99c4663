//! `constexpr_affine_dequantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_affine_dequantize",
    family: Family::Constexpr,
    doc: "",
    versions: &[Version {
        since: Target::IOS16,
        params: &[
            Param::tensor("quantized_data", Types::Domain("SrcT"), "").constant(),
            Param::tensor("zero_point", Types::Domain("ZeroPointT"), "").constant(),
            Param::tensor("scale", Types::Domain("DstT"), "").constant(),
            Param::tensor("axis", INT32, "").constant(),
        ],
        domains: &[("SrcT", &[Int8, Uint8]), ("ZeroPointT", &[Fp32, Int8, Uint8]), ("DstT", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
