//! `constexpr_lut_to_dense`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_lut_to_dense",
    family: Family::Constexpr,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS16,
            params: &[
                Param::tensor("indices", Types::Only(&[Uint8]), "").constant(),
                Param::tensor("lut", T, "").constant(),
                Param::tensor("shape", Types::Only(&[Uint32]), "").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Uint8])],
        },
        Version {
            since: Target::IOS18,
            params: &[
                Param::tensor("indices", Types::Domain("IndicesT"), "").constant(),
                Param::tensor("lut", T, "").constant(),
                Param::tensor("vector_axis", INT32, "").constant().optional(),
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
    kernel: None,
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
