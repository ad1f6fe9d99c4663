//! `topk`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "topk",
    family: Family::TensorOperation,
    doc: "The `k` greatest or smallest elements along an axis, and their indices. Of equal elements \
          the first ones are taken, and NaN comes last. Without `sort` they are in order too.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("k", INT32, "How many.").constant().or_int(1),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "The smallest instead of the greatest.")
                    .constant()
                    .or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("k", INT32, "How many.").constant().or_int(1),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "The smallest instead of the greatest.")
                    .constant()
                    .or_bool(false),
                Param::tensor("sort", BOOL, "In order; otherwise in any.").constant().or_bool(true),
                Param::tensor("return_indices", BOOL, "Give the indices too.").constant().or_bool(true),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("k", Types::Domain("K"), "How many.").constant().or_int(1),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
                Param::tensor("ascending", BOOL, "The smallest instead of the greatest.")
                    .constant()
                    .or_bool(false),
                Param::tensor("sort", BOOL, "In order; otherwise in any.").constant().or_bool(true),
                Param::tensor("return_indices", BOOL, "Give the indices too.").constant().or_bool(true),
                Param::tensor("output_indices_dtype", STRING, "Name of the element type of the indices.")
                    .one_of(&["int32", "uint16"])
                    .constant()
                    .or_str("int32"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]), ("K", &[Int8, Int16, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// `k` elements along the axis, and their places.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let k = call.int("k").map_or(Ok(Dim::UNKNOWN), dims::size)?;
    let shape = match call.dims("x")? {
        Some(dims) => {
            let axis = call.axis("axis", dims.len())?;
            if let (Some(k), Some(size)) = (k.fixed(), dims[axis].fixed())
                && k > size
            {
                return Err(invalid!("k {k} exceeds the size {size} of the axis"));
            }
            let mut shape = dims.to_vec();
            shape[axis] = k;
            Some(shape)
        }
        None => None,
    };
    let values = dims::tensor(x.dtype, shape.clone());
    if call.since() >= Release::IOS16 && !call.bool("return_indices")? {
        return Ok(vec![values]);
    }
    let dtype = match call.string("output_indices_dtype") {
        Ok(name) => dims::named_dtype("output_indices_dtype", name)?,
        Err(_) => Int32,
    };
    Ok(vec![values, dims::tensor(dtype, shape)])
}
