//! `scatter_nd`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scatter_nd",
    family: Family::ScatterGather,
    doc: "`data` with slices updated that index tuples name: the inverse of `gather_nd`. Without \
          `validate_indices` an update outside is dropped; of several with `update` the last one \
          stays.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("data", T, "The tensor."),
                Param::tensor(
                    "indices",
                    INT32,
                    "Index tuples along the last axis; negative indices count from the end.",
                ),
                Param::tensor("updates", T, "The updates, in the shape that `gather_nd` would give."),
                Param::tensor(
                    "mode",
                    STRING,
                    "What an update does to the element that it meets. Where several meet one \
                     element, all count; which `update` stays is not defined.",
                )
                .one_of(&["update", "add", "sub", "mul", "div", "max", "min"])
                .constant()
                .or_str("add"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("data", T, "The tensor."),
                Param::tensor(
                    "indices",
                    INT32,
                    "Index tuples along the last axis; negative indices count from the end.",
                ),
                Param::tensor("updates", T, "The updates, in the shape that `gather_nd` would give."),
                Param::tensor(
                    "mode",
                    STRING,
                    "What an update does to the element that it meets. Where several meet one \
                     element, all count; which `update` stays is not defined.",
                )
                .one_of(&["update", "add", "sub", "mul", "div", "max", "min"])
                .constant()
                .or_str("add"),
                Param::tensor(
                    "validate_indices",
                    BOOL,
                    "Indices outside the axis are an error. Otherwise what they give is not defined.",
                )
                .constant()
                .or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The type of `data`. `updates` has the shape that `gather_nd` would give.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let (Some(data), Some(indices), Some(updates)) =
        (call.dims("data")?, call.dims("indices")?, call.dims("updates")?)
        && let Some(tuples) = super::tuples(data, indices, 0)?
    {
        super::check_updates(updates, &tuples.shape())?;
    }
    Ok(vec![call.ty_like("data", call.dtype("data")?)?])
}
