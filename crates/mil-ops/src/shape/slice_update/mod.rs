//! `slice_update`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "slice_update",
    family: Family::Shape,
    doc: "`x` with a slice replaced.",
    versions: &[Version {
        since: Release::IOS18,
        params: &[
            Param::tensor("x", T, "The tensor."),
            Param::tensor("update", T, "The new elements, in the shape of the slice."),
            Param::tensor(
                "begin",
                Types::Domain("U"),
                "First element along each axis; negative counts from the end.",
            ),
            Param::tensor(
                "end",
                Types::Domain("U"),
                "One past the last element along each axis; negative counts from the end.",
            ),
            Param::tensor(
                "stride",
                Types::Domain("U"),
                "Step along each axis; negative goes backwards. None is 1.",
            )
            .constant()
            .optional(),
            Param::tensor(
                "begin_mask",
                BOOL,
                "Axes whose `begin` is ignored: the slice starts at the edge. None is nowhere.",
            )
            .constant()
            .optional(),
            Param::tensor(
                "end_mask",
                BOOL,
                "Axes whose `end` is ignored: the slice goes to the edge. None is nowhere.",
            )
            .constant()
            .optional(),
            Param::tensor(
                "squeeze_mask",
                BOOL,
                "Axes of which only the element at `begin` is taken, and which the result does \
                 not have. None is nowhere.",
            )
            .constant()
            .optional(),
        ],
        domains: &[
            ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
            ("U", &[Int8, Int16, Int32]),
        ],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `x`; `update` has the shape of the slice.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let (Some(slice), Some(update)) = (super::sliced(call)?, call.dims("update")?)
        && !(slice.len() == update.len() && slice.iter().zip(update).all(|(a, b)| dims::may_equal(a, b)))
    {
        return Err(invalid!("update has shape {}, the slice {}", dims::show(update), dims::show(&slice)));
    }
    like_x(call)
}
