//! `resize_bilinear`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resize_bilinear",
    family: Family::Image,
    doc: "Resizes the last two axes to given sizes with bilinear interpolation.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
            Param::tensor("target_size_height", INT32, "Height of the result.").constant().or_int(1),
            Param::tensor("target_size_width", INT32, "Width of the result.").constant().or_int(1),
            Param::tensor(
                "sampling_mode",
                STRING,
                "Which place of the input a pixel of the output looks at.",
            )
            .one_of(&[
                "DEFAULT",
                "STRICT_ALIGN_CORNERS",
                "ALIGN_CORNERS",
                "UNALIGN_CORNERS",
                "OFFSET_CORNERS",
            ])
            .constant()
            .or_str("DEFAULT"),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_target_size),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
