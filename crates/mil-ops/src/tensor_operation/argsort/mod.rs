//! `argsort`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "argsort",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("axis", INT32, "").constant().or_int(-1),
            Param::tensor("ascending", BOOL, "").constant().or_bool(false),
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
