//! `fill`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "fill",
    family: Family::TensorOperation,
    doc: "One value everywhere.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("shape", INT32, "The shape of the result."),
            Param::tensor("value", T, "The value.").constant().or_float(0.0),
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

/// The shape that `shape` says, in the type of `value`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.ty("value").and_then(Type::dtype).unwrap_or(Fp32);
    Ok(vec![dims::tensor(dtype, call.shape_from("shape")?)])
}
