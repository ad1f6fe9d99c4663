//! `list_read`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_read",
    family: Family::ControlFlow,
    doc: "An element of a list. One that was never written is zero.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::list("ls", "The list."),
            Param::tensor("index", INT32, "The place in the list, from 0 on."),
        ],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// An element.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![super::element(call)?.clone()])
}
