//! `affine`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "affine",
    family: Family::Image,
    doc: "",
    versions: &[Version {
        since: Target::IOS15,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("transform_matrix", T, ""),
            Param::tensor("output_height", INT32, "").constant(),
            Param::tensor("output_width", INT32, "").constant(),
            Param::tensor("sampling_mode", STRING, "").constant(),
            Param::tensor("padding_mode", STRING, "").constant(),
            Param::tensor("padding_value", T, "").constant(),
            Param::tensor("coordinates_mode", STRING, "").constant(),
            Param::tensor("align_corners", BOOL, "").constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
