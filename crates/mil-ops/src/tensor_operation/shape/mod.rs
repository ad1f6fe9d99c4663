//! `shape`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "shape",
    family: Family::TensorOperation,
    doc: "The sizes of `x`, as 32-bit integers.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", T, "The input.")],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// As many 32-bit integers as `x` has axes.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let rank = call.rank("x")?.map_or(Dim::UNKNOWN, Dim::from);
    Ok(vec![dims::tensor(Int32, Some(vec![rank]))])
}
