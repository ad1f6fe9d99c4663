//! `upsample_nearest_neighbor`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "upsample_nearest_neighbor",
    family: Family::Image,
    doc: "Resizes the last two axes by factors, taking the nearest pixel. The new sizes are \
          `⌊factor · size⌋`. Element `i` is the one at `⌊i · size / new size⌋`, as in PyTorch.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
            Param::tensor("scale_factor_height", Types::Domain("U"), "Factor of the height.")
                .constant()
                .or_int(1),
            Param::tensor("scale_factor_width", Types::Domain("U"), "Factor of the width.")
                .constant()
                .or_int(1),
        ],
        domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_upsample),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
