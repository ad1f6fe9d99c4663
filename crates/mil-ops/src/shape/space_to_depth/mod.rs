//! `space_to_depth`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "space_to_depth",
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

/// Blocks of `block_size` × `block_size` pixels become channels.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::space_to_channels(call, "block_size")
}
