//! `scatter`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "scatter",
    family: Family::ScatterGather,
    doc: "`data` with slices along an axis updated: the inverse of `gather`. Without \
          `validate_indices` an update outside is dropped; of several with `update` the last one \
          stays.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("data", T, "The tensor."),
                Param::tensor("indices", INT32, "The slices; negative ones count from the end."),
                Param::tensor("updates", T, "The updates, in the shape that `gather` would give."),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
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
                Param::tensor("indices", INT32, "The slices; negative ones count from the end."),
                Param::tensor("updates", T, "The updates, in the shape that `gather` would give."),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(0),
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

/// The type of `data`. `updates` has the shape that `gather` would give.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    if let (Some(data), Some(indices), Some(updates)) =
        (call.dims("data")?, call.dims("indices")?, call.dims("updates")?)
    {
        let axis = call.axis("axis", data.len())?;
        let wanted: Vec<Dim> = data[..axis].iter().chain(indices).chain(&data[axis + 1..]).cloned().collect();
        super::check_updates(updates, &wanted)?;
    }
    Ok(vec![call.ty_like("data", call.dtype("data")?)?])
}
