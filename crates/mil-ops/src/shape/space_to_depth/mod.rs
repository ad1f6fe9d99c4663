//! `space_to_depth`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "space_to_depth",
    family: Family::Shape,
    doc: "Moves blocks of pixels into channels: `[n, c, h, w]` becomes `[n, c·b², h / b, w / b]`. The \
          inverse of `depth_to_space`.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input, rank 4."),
            Param::tensor("block_size", INT32, "Edge `b` of a block.").constant(),
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

/// Blocks of `block_size` × `block_size` pixels become channels.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::space_to_channels(call, "block_size")
}
