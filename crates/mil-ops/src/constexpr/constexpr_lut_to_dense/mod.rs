//! `constexpr_lut_to_dense`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_lut_to_dense",
    family: Family::Constexpr,
    doc: "Looks indices up in a table. Until iOS17 the indices are packed into bytes, lowest bits \
          first, `log₂` of the table's length bits each; from iOS18 on they have a type of their own, \
          and blocks of them have their own tables: `lut` is `[blocks along each axis…, entries, \
          vector length]`.",
    versions: &[
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor("indices", Types::Only(&[Uint8]), "The indices.").constant(),
                Param::tensor("lut", T, "The table or tables.").constant(),
                Param::tensor("shape", Types::Only(&[Uint32]), "The shape of the result.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Uint8])],
        },
        Version {
            since: Release::IOS18,
            params: &[
                Param::tensor("indices", Types::Domain("IndicesT"), "The indices.").constant(),
                Param::tensor("lut", T, "The table or tables.").constant(),
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
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Until iOS17 the shape is said; from iOS18 on it is that of the indices, where vectors lengthen one axis.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("lut")?;
    if call.since() < Release::IOS18 {
        return Ok(vec![dims::tensor(dtype, call.shape_from("shape")?)]);
    }
    let shape = match call.dims("indices")? {
        Some(dims) => Some(super::vectors(call, dims)?.1),
        None => None,
    };
    Ok(vec![dims::tensor(dtype, shape)])
}

/// Until iOS17 the indices are packed into bytes.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if call.since() >= Release::IOS18 {
        return;
    }
    let count = |param| call.dims_of(param).and_then(dims::product);
    let (Some(bytes), Some(entries), Ok(shape)) = (count("indices"), count("lut"), call.ints("shape")) else {
        return;
    };
    let bits = i64::from(entries.max(1).ilog2());
    if entries != 1 << bits {
        problems.add(format!("lut has {entries} entries, which is no power of two"));
        return;
    }
    let elements = shape.iter().try_fold(1_i64, |product, &size| product.checked_mul(size));
    if elements
        .and_then(|elements| elements.checked_mul(bits))
        .is_none_or(|total| total.div_euclid(8) + i64::from(total % 8 != 0) != bytes)
    {
        problems.add(format!("{bytes} bytes are not the indices of shape {shape:?} with {bits} bits each"));
    }
}
