//! `constexpr_lut_to_sparse`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_lut_to_sparse",
    family: Family::Constexpr,
    doc: "Looks the indices of a sparse weight up in tables, which are laid out as in \
          `constexpr_lut_to_dense`. Gives the mask and the elements that are not zero.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::tensor("indices_mask", Types::Only(&[Uint1]), "Which elements are not zero.").constant(),
            Param::tensor(
                "indices_nonzero_data",
                Types::Domain("IndicesT"),
                "The index of each element that is not zero.",
            )
            .constant(),
            Param::tensor("lut", T, "The look-up table.").constant(),
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
    }],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Mask and non-zero elements; vectors lengthen both.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let (mask, lut) = (call.tensor("indices_mask")?, call.dtype("lut")?);
    let Some(dims) = call.dims("indices_mask")? else {
        return Ok(vec![dims::tensor(mask.dtype, None), dims::tensor(lut, Some(vec![Dim::UNKNOWN]))]);
    };
    let (length, shape) = super::vectors(call, dims)?;
    let count = call.dims("indices_nonzero_data")?.and_then(|dims| dims.first()).unwrap_or(&Dim::UNKNOWN);
    let count = dims::mul(count, length)?;
    Ok(vec![dims::tensor(mask.dtype, Some(shape)), dims::tensor(lut, Some(vec![count]))])
}
