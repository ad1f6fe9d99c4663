//! `quantize`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "quantize",
    family: Family::Quantization,
    doc: "`clamp(round(input / scale) + zero_point)` to the range of an 8-bit integer type. Halves \
          are rounded to the even integer.",
    versions: &[Version {
        since: Release::IOS17,
        params: &[
            Param::tensor("input", Types::Domain("SrcT"), "The input."),
            Param::tensor(
                "zero_point",
                Types::Domain("DstT"),
                "The zero point, in the shape of `scale` and the type of the result; none is 0.",
            )
            .constant()
            .optional(),
            Param::tensor(
                "scale",
                Types::Domain("SrcT"),
                "The scale: a scalar, or one number for each slice along `axis`.",
            )
            .constant(),
            Param::tensor("axis", INT32, "The axis of the slices; needed where `scale` is a vector.")
                .constant()
                .optional(),
            Param::tensor("output_dtype", STRING, "Name of the element type of the result.")
                .one_of(&["int8", "uint8"])
                .constant(),
        ],
        domains: &[("SrcT", &[Fp16, Fp32]), ("DstT", &[Int8, Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The shape of the input, in the type that `output_dtype` names.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::named_dtype("output_dtype", call.string("output_dtype")?)?;
    super::check_scale(call)?;
    Ok(vec![call.ty_like("input", dtype)?])
}
