//! `list_gather`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "list_gather",
    family: Family::ControlFlow,
    doc: "Elements of a list, stacked along a new first axis.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::list("ls", "The list."),
            Param::tensor("indices", INT32, "Their places, in any order."),
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

/// The elements asked for, stacked.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let element = super::element(call)?;
    let tensor = element.as_tensor().ok_or_else(|| InferError::NotTensor("ls".into()))?;
    let count = call.dims("indices")?.and_then(|dims| dims.first()).cloned().unwrap_or(Dim::UNKNOWN);
    let shape = dims::ranked(tensor).map(|dims| std::iter::once(count).chain(dims.iter().cloned()).collect());
    Ok(vec![dims::tensor(tensor.dtype, shape)])
}
