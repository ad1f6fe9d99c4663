//! `depth_to_space`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "depth_to_space",
    family: Family::Shape,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[Param::tensor("x", T, ""), Param::tensor("block_size", INT32, "").constant()],
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
