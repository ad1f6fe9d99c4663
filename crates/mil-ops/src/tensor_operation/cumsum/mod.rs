//! `cumsum`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "cumsum",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("axis", INT32, "").constant().or_int(0),
            Param::tensor("exclusive", BOOL, "").constant().or_bool(false),
            Param::tensor("reverse", BOOL, "").constant().or_bool(false),
        ],
        domains: &[("T", &[Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `x`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let Some(rank) = call.rank("x")? {
        call.axis("axis", rank)?;
    }
    like_x(call)
}
