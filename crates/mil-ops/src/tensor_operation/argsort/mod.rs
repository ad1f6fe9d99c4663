//! `argsort`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "argsort",
    family: Family::TensorOperation,
    doc: "The indices that sort `x` along an axis, as 32-bit integers. Equal elements keep their \
          order in both directions, and NaN comes last.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
            Param::tensor("ascending", BOOL, "Smallest first.").constant().or_bool(false),
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

/// 32-bit integers in the shape of `x`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let Some(rank) = call.rank("x")? {
        call.axis("axis", rank)?;
    }
    Ok(vec![call.ty_like("x", Int32)?])
}
