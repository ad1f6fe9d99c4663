//! `constexpr_blockwise_shift_scale`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_blockwise_shift_scale",
    family: Family::Constexpr,
    doc: "`scale · (data - offset)`, where each block of the data has its own numbers. A block spans \
          as many elements along an axis as the sizes of data and scale divide to.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::tensor("data", Types::Domain("SrcT"), "The stored weight.").constant(),
            Param::tensor(
                "scale",
                Types::Domain("DstT"),
                "The scale of each block: as many axes as the data, sizes that divide its sizes.",
            )
            .constant(),
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

/// The shape of the data, in the type of the scale.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::check_blocks(call, "data")?;
    Ok(vec![call.ty_like("data", call.dtype("scale")?)?])
}
