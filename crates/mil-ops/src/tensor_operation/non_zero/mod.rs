//! `non_zero`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "non_zero",
    family: Family::TensorOperation,
    doc: "Where `x` is not zero: an index tuple for each such element, in row-major order, `[count, \
          rank]`. The count is known when the program runs.",
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

/// An unknown number of index tuples.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let rank = call.rank("x")?.map_or(Dim::UNKNOWN, Dim::from);
    Ok(vec![dims::tensor(Int32, Some(vec![Dim::UNKNOWN, rank]))])
}
