//! `dequantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "dequantize",
    family: Family::Quantization,
    doc: "`scale · (input - zero_point)`.",
    versions: &[Version {
        since: Release::IOS17,
        params: &[
            Param::tensor("input", Types::Domain("SrcT"), "The input."),
            Param::tensor(
                "zero_point",
                Types::Domain("SrcT"),
                "The zero point, in the shape of `scale` and the type of the input; none is 0.",
            )
            .constant()
            .optional(),
            Param::tensor(
                "scale",
                Types::Domain("DstT"),
                "The scale: a scalar, or one number for each slice along `axis`.",
            )
            .constant(),
            Param::tensor("axis", INT32, "The axis of the slices; needed where `scale` is a vector.")
                .constant()
                .optional(),
        ],
        domains: &[("DstT", &[Fp16, Fp32]), ("SrcT", &[Int8, Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of the input, in the type of the scale.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    super::check_scale(call)?;
    Ok(vec![call.ty_like("input", call.dtype("scale")?)?])
}
