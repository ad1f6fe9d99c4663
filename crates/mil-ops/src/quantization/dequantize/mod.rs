//! `dequantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "dequantize",
    family: Family::Quantization,
    doc: "",
    versions: &[Version {
        since: Target::IOS17,
        params: &[
            Param::tensor("input", Types::Domain("SrcT"), ""),
            Param::tensor("zero_point", Types::Domain("SrcT"), "").constant().optional(),
            Param::tensor("scale", Types::Domain("DstT"), "").constant(),
            Param::tensor("axis", INT32, "").constant().optional(),
        ],
        domains: &[("DstT", &[Fp16, Fp32]), ("SrcT", &[Int8, Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
