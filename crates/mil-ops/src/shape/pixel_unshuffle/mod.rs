//! `pixel_unshuffle`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "pixel_unshuffle",
    family: Family::Shape,
    doc: "Moves blocks of pixels into channels: `[n, c, h, w]` becomes `[n, c·f², h / f, w / f]`. The \
          inverse of `pixel_shuffle`.",
    versions: &[Version {
        since: Release::IOS16,
        params: &[
            Param::tensor("x", T, "The input, rank 4."),
            Param::tensor("downscale_factor", Types::Only(&[Uint32]), "Edge `f` of a block.").constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Blocks of `downscale_factor` × `downscale_factor` pixels become channels.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::space_to_channels(call, "downscale_factor")
}
