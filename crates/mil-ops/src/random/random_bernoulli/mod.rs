//! `random_bernoulli`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "random_bernoulli",
    family: Family::Random,
    doc: "Ones with a probability, else zeros. A seed repeats its numbers in milopt; they are not \
          those that Core ML draws.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("shape", INT32, "The shape of the result."),
            Param::tensor("prob", T, "The probability of 1.").constant().or_float(0.5),
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

/// The shape that `shape` says, in the type of `prob`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::shaped(call, &["prob"])
}
