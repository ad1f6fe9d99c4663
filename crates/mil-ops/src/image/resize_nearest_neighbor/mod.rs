//! `resize_nearest_neighbor`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resize_nearest_neighbor",
    family: Family::Image,
    doc: "Resizes the last two axes to given sizes, taking the nearest pixel. Element `i` is the \
          one at `⌊i · size / new size⌋`, as in PyTorch.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Images: `[…, height, width]`, rank 3 at least."),
            Param::tensor("target_size_height", INT32, "Height of the result.").constant(),
            Param::tensor("target_size_width", INT32, "Width of the result.").constant(),
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
