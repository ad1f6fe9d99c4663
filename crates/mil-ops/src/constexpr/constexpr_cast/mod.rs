//! `constexpr_cast`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("source_val", Types::Only(&[Fp16]), "The stored weight.").constant(),
    Param::tensor("output_dtype", STRING, "Name of the element type of the result.")
        .one_of(&["fp32"])
        .constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_cast",
    family: Family::Constexpr,
    doc: "A weight stored in half precision, in single precision.",
    versions: &[
        Version { since: Release::IOS16, params: PARAMS, domains: &[] },
        Version { since: Release::IOS18, params: PARAMS, domains: &[] },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of the data, in the type that `output_dtype` names.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::named_dtype("output_dtype", call.string("output_dtype")?)?;
    Ok(vec![call.ty_like("source_val", dtype)?])
}
