//! `slice_by_index`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "slice_by_index",
    family: Family::Shape,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("begin", INT32, ""),
                Param::tensor("end", INT32, ""),
                Param::tensor("stride", INT32, "").constant().optional(),
                Param::tensor("begin_mask", BOOL, "").constant().optional(),
                Param::tensor("end_mask", BOOL, "").constant().optional(),
                Param::tensor("squeeze_mask", BOOL, "").constant().optional(),
            ],
            domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
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
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The slice of each axis; squeezed axes are gone.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    Ok(vec![dims::tensor(x.dtype, super::sliced(call)?)])
}
