//! `upsample_bilinear`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "upsample_bilinear",
    family: Family::Image,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("scale_factor_height", Types::Domain("U"), "").constant().or_int(1),
                Param::tensor("scale_factor_width", Types::Domain("U"), "").constant().or_int(1),
                Param::tensor("align_corners", BOOL, "").constant().or_bool(true),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("scale_factor_height", Types::Domain("U"), "").constant().or_int(1),
                Param::tensor("scale_factor_width", Types::Domain("U"), "").constant().or_int(1),
                Param::tensor("align_corners", BOOL, "").constant().or_bool(true),
                Param::tensor("half_pixel_centers", BOOL, "")
                    .constant()
                    .or_derived("the opposite of `align_corners`"),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
