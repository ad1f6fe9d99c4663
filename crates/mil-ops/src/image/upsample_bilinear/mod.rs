//! `upsample_bilinear`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "upsample_bilinear",
    family: Family::Image,
    doc: "Resizes the last two axes by factors with bilinear interpolation. The new sizes are \
          `⌊factor · size⌋`. The steps between pixels follow from the sizes, not from the factors.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
                Param::tensor("scale_factor_height", Types::Domain("U"), "Factor of the height.")
                    .constant()
                    .or_int(1),
                Param::tensor("scale_factor_width", Types::Domain("U"), "Factor of the width.")
                    .constant()
                    .or_int(1),
                Param::tensor(
                    "align_corners",
                    BOOL,
                    "The pixels in the corners of input and result are at the same places.",
                )
                .constant()
                .or_bool(true),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
                Param::tensor("scale_factor_height", Types::Domain("U"), "Factor of the height.")
                    .constant()
                    .or_int(1),
                Param::tensor("scale_factor_width", Types::Domain("U"), "Factor of the width.")
                    .constant()
                    .or_int(1),
                Param::tensor(
                    "align_corners",
                    BOOL,
                    "The pixels in the corners of input and result are at the same places.",
                )
                .constant()
                .or_bool(true),
                Param::tensor(
                    "half_pixel_centers",
                    BOOL,
                    "A pixel stands for its centre, half a pixel from its corner. Not together with \
                     `align_corners`.",
                )
                .constant()
                .or_derived("the opposite of `align_corners`"),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_upsample),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
