//! `reverse`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("axes", INT32, "The axes; negative ones count from the end. None reverses all.")
        .constant()
        .optional(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reverse",
    family: Family::Shape,
    doc: "The elements in reverse order along axes.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
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
