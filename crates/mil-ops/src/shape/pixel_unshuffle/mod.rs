//! `pixel_unshuffle`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "pixel_unshuffle",
    family: Family::Shape,
    doc: "",
    versions: &[Version {
        since: Target::IOS16,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("downscale_factor", Types::Only(&[Uint32]), "").constant(),
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
