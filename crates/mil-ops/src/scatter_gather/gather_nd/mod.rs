//! `gather_nd`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "gather_nd",
    family: Family::ScatterGather,
    doc: "The slices of `x` that index tuples name. A tuple of length `k` names a slice without the \
          first `k` axes. Without `validate_indices` an index outside takes the nearest element.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor(
                    "indices",
                    INT32,
                    "Index tuples along the last axis; negative indices count from the end.",
                ),
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
                    "Index tuples along the last axis; negative indices count from the end.",
                ),
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
                    "Index tuples along the last axis; negative indices count from the end.",
                ),
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

/// One slice of `x` for each index tuple.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let (Some(dims), Some(indices)) = (call.dims("x")?, call.dims("indices")?) else {
        return Ok(vec![dims::tensor(x.dtype, None)]);
    };
    let batch = super::batch_dims(call, indices.len().min(dims.len()))?;
    let tuples = super::tuples(dims, indices, batch)?;
    Ok(vec![dims::tensor(x.dtype, tuples.map(|tuples| tuples.shape()))])
}
