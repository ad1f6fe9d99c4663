//! `random_categorical`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "random_categorical",
    family: Family::Random,
    doc: "Class numbers drawn from distributions: the last axis becomes `size` draws, in the type \
          of `x`. A seed repeats its numbers in milopt; they are not those that Core ML draws.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "Distributions along the last axis."),
            Param::tensor("mode", STRING, "`x` holds logits or probabilities.")
                .one_of(&["logits", "probs"])
                .constant()
                .or_str("logits"),
            Param::tensor("size", INT32, "Number of draws.").constant().or_int(1),
            Param::tensor("seed", INT32, "Where the generator starts; -1 draws a new start each time.")
                .constant()
                .or_int(-1),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Random,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The last axis becomes the draws.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let Some((_, front)) = dims.split_last() else { return Err(invalid!("x is a scalar")) };
    let draws = dims::size(call.int("size")?)?;
    Ok(vec![dims::tensor(x.dtype, Some(front.iter().cloned().chain([draws]).collect()))])
}
