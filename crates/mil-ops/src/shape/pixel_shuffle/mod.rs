//! `pixel_shuffle`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "pixel_shuffle",
    family: Family::Shape,
    doc: "Moves channels into blocks of pixels: `[n, c, h, w]` becomes `[n, c / f², h·f, w·f]`. The \
          channels are read as `[c / f², f, f]`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input, rank 4."),
            Param::tensor("upscale_factor", INT32, "Edge `f` of a block.").constant(),
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

/// Channels become blocks of `upscale_factor` × `upscale_factor` pixels.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::channels_to_space(call, "upscale_factor")
}
