//! `expand_dims`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("axes", INT32, "Their places in the result; negative ones count from the end.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "expand_dims",
    family: Family::Shape,
    doc: "Adds axes of size 1.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Axes of size 1 at the places that `axes` name in the result.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let count = call.ints("axes")?.len();
    // Placing them one by one takes the square of their number.
    if count as u64 > dims::MAX_RANK {
        return Err(invalid!("{count} axes are more than any tensor has"));
    }
    let mut axes = call.axes("axes", dims.len() + count)?;
    axes.sort_unstable();
    let mut result = dims.to_vec();
    for axis in axes {
        if axis > result.len() {
            return Err(invalid!("axes name a place twice"));
        }
        result.insert(axis, Dim::Fixed(1));
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
