//! `stack`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "stack",
    family: Family::TensorOperation,
    doc: "Joins tensors of one shape along a new axis.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::variadic("values", "The tensors, of one element type and shape."),
            Param::tensor(
                "axis",
                INT32,
                "The place of the new axis in the result; negative counts from the end.",
            )
            .constant(),
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

/// One more axis, at `axis`, as long as there are tensors.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (dtype, shapes) = super::alike(call, "values")?;
    let Some(mut result) = shapes.iter().flatten().next().map(|dims| dims.to_vec()) else {
        return Ok(vec![dims::tensor(dtype, None)]);
    };
    for dims in shapes.iter().flatten() {
        super::unify_except(&mut result, dims, None)?;
    }
    let axis = call.axis("axis", result.len() + 1)?;
    result.insert(axis, shapes.len().into());
    Ok(vec![dims::tensor(dtype, Some(result))])
}
