//! `depth_to_space`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "depth_to_space",
    family: Family::Shape,
    doc: "Moves channels into blocks of pixels: `[n, c, h, w]` becomes `[n, c / b², h·b, w·b]`. The \
          channels are read as `[b, b, c / b²]`.",
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

/// Channels become blocks of `block_size` × `block_size` pixels.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::channels_to_space(call, "block_size")
}
