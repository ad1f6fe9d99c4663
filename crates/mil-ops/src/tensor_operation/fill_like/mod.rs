//! `fill_like`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "fill_like",
    family: Family::TensorOperation,
    doc: "One value everywhere, in the shape of another tensor.",
    versions: &[Version {
        since: Release::IOS16,
        params: &[
            Param::tensor("ref_tensor", T, "The tensor that gives the shape."),
            Param::tensor("value", Types::Domain("U"), "The value.").constant().or_float(0.0),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32]), ("U", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of `ref_tensor`, in the type of `value`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.ty("value").and_then(Type::dtype).unwrap_or(Fp32);
    Ok(vec![call.ty_like("ref_tensor", dtype)?])
}
