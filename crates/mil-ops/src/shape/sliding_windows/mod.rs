//! `sliding_windows`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant(),
    Param::tensor("size", INT32, "Length of a window.").constant(),
    Param::tensor("stride", INT32, "Distance of neighbouring windows.").constant().or_int(1),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "sliding_windows",
    family: Family::Shape,
    doc: "All windows of an axis: the axis becomes `⌊(n - size) / stride⌋ + 1` windows, and behind it \
          stands a new one for the places in a window.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// One more axis after `axis`, for the places in a window.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let (size, stride) = (call.int("size")?, call.int("stride")?);
    let axis = call.axis("axis", dims.len())?;
    let count =
        |length: i64| Some(length.checked_sub(size)?.checked_div_euclid(stride)?.checked_add(1)?.max(0));
    let mut result = dims.to_vec();
    result[axis] = dims::map(&dims[axis], count)?;
    result.insert(axis + 1, dims::size(size)?);
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
