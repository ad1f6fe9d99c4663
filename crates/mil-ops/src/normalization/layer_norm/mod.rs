//! `layer_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "layer_norm",
    family: Family::Normalization,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("axes", INT32, "").constant().or_derived("all axes of `x`"),
                Param::tensor("gamma", T, "").constant().optional(),
                Param::tensor("beta", T, "").constant().optional(),
                Param::tensor("epsilon", T, "").constant().or_float(1e-5),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("axes", INT32, "").constant().or_derived("all axes of `x`"),
                Param::tensor("gamma", Types::Domain("U"), "").constant().optional(),
                Param::tensor("beta", Types::Domain("U"), "").constant().optional(),
                Param::tensor("epsilon", Types::Domain("U"), "").constant().or_float(1e-5),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `x`.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let Some(rank) = call.rank("x")?
        && call.is_given("axes")
    {
        call.axes("axes", rank)?;
    }
    like_x(call)
}
