//! `list_length`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_length",
    family: Family::ControlFlow,
    doc: "The length of a list, as a 32-bit integer.",
    versions: &[Version { since: Release::IOS13, params: &[Param::list("ls", "The list.")], domains: &[] }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// A number.
fn infer(_: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![Type::scalar(Int32)])
}
