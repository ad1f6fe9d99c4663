//! `flatten2d`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "flatten2d",
    family: Family::TensorOperation,
    doc: "Two axes: the product of the sizes before `axis`, and that of the others.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor("axis", INT32, "The first axis of the second part; negative counts from the end.")
                .constant()
                .or_int(1),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Two axes: what stands before `axis`, and the rest.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else {
        return Ok(vec![dims::tensor(x.dtype, Some(vec![Dim::UNKNOWN; 2]))]);
    };
    let axis = match call.int("axis")? {
        end if usize::try_from(end) == Ok(dims.len()) => dims.len(),
        axis => dims::axis("axis", axis, dims.len())?,
    };
    let (before, after) = dims.split_at(axis);
    Ok(vec![dims::tensor(x.dtype, Some(vec![dims::volume(before), dims::volume(after)]))])
}
