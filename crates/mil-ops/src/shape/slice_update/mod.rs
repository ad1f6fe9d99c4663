//! `slice_update`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "slice_update",
    family: Family::Shape,
    doc: "",
    versions: &[Version {
        since: Target::IOS18,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("update", T, ""),
            Param::tensor("begin", Types::Domain("U"), ""),
            Param::tensor("end", Types::Domain("U"), ""),
            Param::tensor("stride", Types::Domain("U"), "").constant().optional(),
            Param::tensor("begin_mask", BOOL, "").constant().optional(),
            Param::tensor("end_mask", BOOL, "").constant().optional(),
            Param::tensor("squeeze_mask", BOOL, "").constant().optional(),
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
