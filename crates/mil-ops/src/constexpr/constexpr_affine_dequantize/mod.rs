//! `constexpr_affine_dequantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_affine_dequantize",
    family: Family::Constexpr,
    doc: "`scale · (quantized_data - zero_point)`, with one scale and zero point or one for each slice \
          along an axis.",
    versions: &[Version {
        since: Release::IOS16,
        params: &[
            Param::tensor("quantized_data", Types::Domain("SrcT"), "The stored integers.").constant(),
            Param::tensor(
                "zero_point",
                Types::Domain("ZeroPointT"),
                "The zero point: a scalar, or one number for each slice.",
            )
            .constant(),
            Param::tensor(
                "scale",
                Types::Domain("DstT"),
                "The scale: a scalar, or one number for each slice.",
            )
            .constant(),
            Param::tensor("axis", INT32, "The axis of the slices; negative counts from the end.").constant(),
        ],
        domains: &[("SrcT", &[Int8, Uint8]), ("ZeroPointT", &[Fp32, Int8, Uint8]), ("DstT", &[Fp16, Fp32])],
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
    if let Some(dims) = call.dims("quantized_data")? {
        let axis = call.axis("axis", dims.len())?;
        for param in ["scale", "zero_point"] {
            match call.dims(param)? {
                None | Some([]) => {}
                Some([size]) if dims::may_equal(size, &dims[axis]) => {}
                Some(other) => {
                    return Err(invalid!(
                        "{param} has shape {}, axis {axis} size {}",
                        dims::show(other),
                        dims[axis]
                    ));
                }
            }
        }
    }
    Ok(vec![call.ty_like("quantized_data", call.dtype("scale")?)?])
}
