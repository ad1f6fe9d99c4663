//! `cast`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("dtype", STRING, "Name of the new element type.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "cast",
    family: Family::ElementwiseUnary,
    doc: "`x` in another element type. A float becomes an integer by dropping its fraction; \
          anything but 0 becomes `true`. Where the integer type has no such value Core ML leaves \
          the result open; here it is what saturation at 32 bits and then wrapping to the narrow \
          type give, and 0 for NaN.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of `x`, in the type that `dtype` names.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    Ok(vec![call.ty_like("x", super::named_dtype(call, "dtype")?)?])
}
