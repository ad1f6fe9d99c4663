//! `gather_along_axis`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor(
        "indices",
        INT32,
        "The indices, in the shape of the result; negative ones count from the end.",
    ),
    Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gather_along_axis",
    family: Family::ScatterGather,
    doc: "For each element of `indices` the element of `x` at the same place, but for the axis, \
          where the index says. Without `validate_indices` an index outside takes the nearest \
          element.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS16,
            params: &changed(
                PARAMS,
                &[Param::tensor(
                    "indices",
                    Types::Domain("I"),
                    "The indices, in the shape of the result; negative ones count from the end.",
                )],
            ),
            domains: &[("T", &[Fp16, Fp32, Int32]), ("I", &[Int16, Int32, Uint16])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "indices",
                    Types::Domain("I"),
                    "The indices, in the shape of the result; negative ones count from the end.",
                ),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
                Param::tensor(
                    "validate_indices",
                    BOOL,
                    "Indices outside the axis are an error. Otherwise what they give is not defined.",
                )
                .constant()
                .or_bool(false),
            ],
            domains: &[
                ("T", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("I", &[Int8, Int16, Int32, Uint8, Uint16]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of the indices.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.dtype("x")?;
    if let (Some(dims), Some(indices)) = (call.dims("x")?, call.dims("indices")?) {
        super::check_along(call, dims, indices)?;
    }
    Ok(vec![call.ty_like("indices", x)?])
}
