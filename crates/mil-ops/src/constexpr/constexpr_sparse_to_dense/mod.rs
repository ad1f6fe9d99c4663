//! `constexpr_sparse_to_dense`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_sparse_to_dense",
    family: Family::Constexpr,
    doc: "Elements at the places where the mask has a bit, 0 elsewhere. Until iOS17 the mask is packed \
          into bytes, lowest bit first.",
    versions: &[
        Version {
            since: Release::IOS16,
            params: &[
                Param::tensor(
                    "nonzero_data",
                    T,
                    "The elements that are not zero, in row-major order of their places.",
                )
                .constant(),
                Param::tensor("mask", Types::Only(&[Uint8]), "Which elements are not zero.").constant(),
                Param::tensor("shape", Types::Only(&[Uint32]), "The shape of the result.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int8, Uint8])],
        },
        Version {
            since: Release::IOS18,
            params: &[
                Param::tensor(
                    "nonzero_data",
                    T,
                    "The elements that are not zero, in row-major order of their places.",
                )
                .constant(),
                Param::tensor("mask", Types::Only(&[Uint1]), "Which elements are not zero.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32, Int4, Int8, Uint4, Uint8])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: Some(infer),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Until iOS17 the shape is said; from iOS18 on it is that of the mask.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("nonzero_data")?;
    if call.since() < Release::IOS18 {
        return Ok(vec![dims::tensor(dtype, call.shape_from("shape")?)]);
    }
    Ok(vec![call.ty_like("mask", dtype)?])
}

/// Until iOS17 the mask is packed into bytes.
fn check(call: &Call<'_>, problems: &mut Problems) {
    if call.since() >= Release::IOS18 {
        return;
    }
    let (Some(bytes), Ok(shape)) = (call.dims_of("mask").and_then(dims::product), call.ints("shape")) else {
        return;
    };
    let elements = shape.iter().try_fold(1_i64, |product, &size| product.checked_mul(size));
    if elements.is_none_or(|elements| elements.div_euclid(8) + i64::from(elements % 8 != 0) != bytes) {
        problems.add(format!("{bytes} bytes are not a mask of shape {shape:?}"));
    }
}
