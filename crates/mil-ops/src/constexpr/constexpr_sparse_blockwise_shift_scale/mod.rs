//! `constexpr_sparse_blockwise_shift_scale`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_sparse_blockwise_shift_scale",
    family: Family::Constexpr,
    doc: "`scale · (data - offset)` on the elements of a sparse weight that are not zero, blockwise as \
          in `constexpr_blockwise_shift_scale`. Gives the mask and those elements.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::tensor("data_mask", Types::Only(&[Uint1]), "Which elements are not zero.").constant(),
            Param::tensor(
                "nonzero_data",
                Types::Domain("SrcT"),
                "The elements that are not zero, in row-major order of their places.",
            )
            .constant(),
            Param::tensor("scale", Types::Domain("DstT"), "The scale of each block.").constant(),
            Param::tensor(
                "offset",
                Types::Domain("OffsetT"),
                "Subtracted before scaling, in the shape of `scale`; none is 0.",
            )
            .constant()
            .optional(),
        ],
        domains: &[
            ("SrcT", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8]),
            ("DstT", &[Fp16, Fp32]),
            ("OffsetT", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8]),
        ],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The mask as it is, and the elements in the type of the scale.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::check_blocks(call, "data_mask")?;
    let mask = call.dtype("data_mask")?;
    Ok(vec![call.ty_like("data_mask", mask)?, call.ty_like("nonzero_data", call.dtype("scale")?)?])
}
