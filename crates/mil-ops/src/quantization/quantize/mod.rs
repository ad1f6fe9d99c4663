//! `quantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "quantize",
    family: Family::Quantization,
    doc: "",
    versions: &[Version {
        since: Target::IOS17,
        params: &[
            Param::tensor("input", Types::Domain("SrcT"), ""),
            Param::tensor("zero_point", Types::Domain("DstT"), "").constant().optional(),
            Param::tensor("scale", Types::Domain("SrcT"), "").constant(),
            Param::tensor("axis", INT32, "").constant().optional(),
            Param::tensor("output_dtype", STRING, "").constant(),
        ],
        domains: &[("SrcT", &[Fp16, Fp32]), ("DstT", &[Int8, Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
