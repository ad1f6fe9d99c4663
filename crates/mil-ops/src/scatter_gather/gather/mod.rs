//! `gather`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gather",
    family: Family::ScatterGather,
    doc: "Slices of `x` at indices along an axis: `indices` replaces the axis in the shape. Without \
          `validate_indices` an index outside takes the nearest element.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("indices", INT32, "The indices; negative ones count from the end."),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "indices",
                    Types::Domain("I"),
                    "The indices; negative ones count from the end.",
                ),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
                Param::tensor("batch_dims", INT32, "Number of leading axes that `x` and `indices` share.")
                    .constant()
                    .or_int(0),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32]), ("I", &[Int16, Int32, Uint16])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "indices",
                    Types::Domain("I"),
                    "The indices; negative ones count from the end.",
                ),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
                Param::tensor("batch_dims", INT32, "Number of leading axes that `x` and `indices` share.")
                    .constant()
                    .or_int(0),
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

/// The axis gives way to the axes of the indices that are no batch.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let (Some(dims), Some(indices)) = (call.dims("x")?, call.dims("indices")?) else {
        return Ok(vec![dims::tensor(x.dtype, None)]);
    };
    let axis = call.axis("axis", dims.len())?;
    let batch = super::batch_dims(call, indices.len().min(axis))?;
    let result = dims[..axis].iter().chain(&indices[batch..]).chain(&dims[axis + 1..]);
    Ok(vec![dims::tensor(x.dtype, Some(result.cloned().collect()))])
}
