//! `transpose`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor(
        "perm",
        INT32,
        "For each axis of the result the axis of `x`; negative ones count from the end.",
    )
    .constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "transpose",
    family: Family::Shape,
    doc: "The axes in another order.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
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

/// The axes in the order of `perm`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let perm = call.axes("perm", dims.len())?;
    let mut sorted = perm.clone();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..dims.len()) {
        return Err(invalid!("perm does not name each of the {} axes once", dims.len()));
    }
    Ok(vec![dims::tensor(x.dtype, Some(perm.into_iter().map(|axis| dims[axis].clone()).collect()))])
}
