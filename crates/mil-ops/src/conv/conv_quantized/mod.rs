//! `conv_quantized`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "conv_quantized",
    family: Family::Conv,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("weight", Types::Domain("U"), ""),
            Param::tensor("bias", Types::Domain("U"), "").constant().optional(),
            Param::tensor("quantization_type", STRING, "").constant(),
            Param::tensor("nbits", INT32, "").constant().or_int(8),
            Param::tensor("quant_scale", T, "").constant(),
            Param::tensor("quant_bias", T, "").constant(),
            Param::tensor("strides", INT32, "").constant().or_each_axis(1),
            Param::tensor("pad_type", STRING, "").constant().or_str("valid"),
            Param::tensor("pad", INT32, "").constant().or_each_side(0),
            Param::tensor("dilations", INT32, "").constant().or_each_axis(1),
            Param::tensor("groups", INT32, "").constant().or_int(1),
        ],
        domains: &[("T", &[Fp16, Fp32]), ("U", &[Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
