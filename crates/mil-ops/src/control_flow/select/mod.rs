//! `select`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "select",
    family: Family::ControlFlow,
    doc: "`a` where `cond` holds, else `b`, all broadcast to each other.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("cond", BOOL, "Which one."),
            Param::tensor("a", T, "Taken where `cond` holds."),
            Param::tensor("b", T, "Taken elsewhere."),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The three operands broadcast to each other.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::promote(call.dtype("a")?, call.dtype("b")?);
    let shape = dims::broadcast_ranked(call.dims("a")?, call.dims("b")?)?;
    let shape = dims::broadcast_ranked(shape.as_deref(), call.dims("cond")?)?;
    Ok(vec![dims::tensor(dtype, shape)])
}
