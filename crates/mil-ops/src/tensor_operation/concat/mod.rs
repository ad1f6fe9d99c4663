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
        since: Target::IOS13,
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
    let mut total = Some(0_i64);
    for shape in &shapes {
        let Some(dims) = shape else {
            total = None;
            continue;
        };
        super::unify_except(&mut result, dims, Some(axis))?;
        total = total.and_then(|total| total.checked_add(dims::fixed(&dims[axis])?));
    }
    result[axis] = match (total, &shapes[..]) {
        (Some(total), _) => dims::size(total)?,
        (None, [Some(only)]) => only[axis].clone(),
        (None, _) => Dim::UNKNOWN,
    };
    Ok(vec![dims::tensor(dtype, Some(result))])
}
