//! `concat`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "concat",
    family: Family::TensorOperation,
    doc: "Joins tensors along an axis. All other sizes are equal.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::variadic("values", "The tensors, of one element type and rank."),
            Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant(),
            Param::tensor(
                "interleave",
                BOOL,
                "Take the first slice of each tensor, then the second of each, and so on; all \
                 shapes must be equal.",
            )
            .constant()
            .or_bool(false),
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

/// The sum of the sizes along the axis.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (dtype, shapes) = super::alike(call, "values")?;
    let Some(mut result) = shapes.iter().flatten().next().map(|dims| dims.to_vec()) else {
        return Ok(vec![dims::tensor(dtype, None)]);
    };
    if result.is_empty() {
        return Ok(vec![dims::tensor(dtype, Some(vec![shapes.len().into()]))]);
    }
    let axis = call.axis("axis", result.len())?;
    let mut total = Dim::Fixed(0);
    for shape in &shapes {
        let Some(dims) = shape else {
            total = Dim::UNKNOWN;
            continue;
        };
        super::unify_except(&mut result, dims, Some(axis))?;
        total = total.plus(&dims[axis]);
    }
    result[axis] = match &shapes[..] {
        [Some(only)] => only[axis].clone(),
        _ => total,
    };
    Ok(vec![dims::tensor(dtype, Some(result))])
}
