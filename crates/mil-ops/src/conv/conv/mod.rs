//! `conv`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "conv",
    family: Family::Conv,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", T, ""),
                Param::tensor("bias", T, "").constant().optional(),
                Param::tensor("strides", INT32, "").constant().or_each_axis(1),
                Param::tensor("pad_type", STRING, "").constant().or_str("valid"),
                Param::tensor("pad", INT32, "").constant().or_each_side(0),
                Param::tensor("dilations", INT32, "").constant().or_each_axis(1),
                Param::tensor("groups", INT32, "").constant().or_int(1),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", Types::Domain("U"), ""),
                Param::tensor("bias", Types::Domain("U"), "").optional(),
                Param::tensor("strides", INT32, "").constant().or_each_axis(1),
                Param::tensor("pad_type", STRING, "").constant().or_str("valid"),
                Param::tensor("pad", INT32, "").constant().or_each_side(0),
                Param::tensor("dilations", INT32, "").constant().or_each_axis(1),
                Param::tensor("groups", INT32, "").constant().or_int(1),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
