//! `constexpr_lut_to_dense`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_lut_to_dense",
    family: Family::Constexpr,
    doc: "Looks indices up in a table. Until iOS17 the indices are packed into bytes, lowest bits \
          first, `log₂` of the table's length bits each; from iOS18 on they have a type of their own, \
          and blocks of them have their own tables: `lut` is `[blocks along each axis…, entries, \
          vector length]`.",
    versions: &[
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("indices", Types::Only(&[Uint8]), "The indices.").constant(),
                Param::tensor("lut", T, "The table or tables.").constant(),
                Param::tensor("shape", Types::Only(&[Uint32]), "The shape of the result.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Uint8])],
        },
        Version {
            since: Target::IOS18,
            params: &[
                Param::tensor("indices", Types::Domain("IndicesT"), "The indices.").constant(),
                Param::tensor("lut", T, "The table or tables.").constant(),
                Param::tensor(
                    "vector_axis",
                    INT32,
                    "The axis along which the vectors of the look-up table lie; needed where they are \
                     longer than 1.",
                )
                .constant()
                .optional(),
            ],
            domains: &[
                ("IndicesT", &[Uint1, Uint2, Uint3, Uint4, Uint6, Uint8]),
                ("T", &[Fp16, Fp32, Int8, Uint8]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Until iOS17 the shape is said; from iOS18 on it is that of the indices, where vectors lengthen one axis.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("lut")?;
    if call.since() < Target::IOS18 {
        return Ok(vec![dims::tensor(dtype, call.shape_from("shape")?)]);
    }
    let shape = match call.dims("indices")? {
        Some(dims) => Some(super::vectors(call, dims)?.1),
        None => None,
    };
    Ok(vec![dims::tensor(dtype, shape)])
}
