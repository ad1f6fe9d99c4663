//! `tile`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "tile",
    family: Family::TensorOperation,
    doc: "Repeats a tensor along its axes.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor("reps", INT32, "How often, for each axis."),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Each axis so many times as long.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let Ok(reps) = call.ints("reps") else {
        return Ok(vec![dims::tensor(x.dtype, Some(vec![Dim::UNKNOWN; dims.len()]))]);
    };
    if reps.len() != dims.len() {
        return Err(invalid!("reps has {} numbers for a tensor of rank {}", reps.len(), dims.len()));
    }
    let result = dims.iter().zip(reps).map(|(dim, times)| dims::mul(dim, times)).collect::<Result<_, _>>()?;
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
