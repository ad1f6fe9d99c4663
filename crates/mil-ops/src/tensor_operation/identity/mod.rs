//! `identity`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "identity",
    family: Family::TensorOperation,
    doc: "`x` itself, under another name. It keeps the name of an output.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::any("x", "A tensor, list or dictionary.")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `x`, whatever it is.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![call.ty("x").ok_or_else(|| InferError::Missing("x".into()))?.clone()])
}
