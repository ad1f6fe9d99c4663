//! `conv_transpose`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "conv_transpose",
    family: Family::Conv,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", T, "").constant(),
                Param::tensor("bias", T, "").constant().optional(),
                Param::tensor("pad", INT32, "").constant().or_each_side(0),
                Param::tensor("output_shape", INT32, "").constant().optional(),
                Param::tensor("pad_type", STRING, "").constant().or_str("valid"),
                Param::tensor("strides", INT32, "").constant().or_each_axis(1),
                Param::tensor("dilations", INT32, "").constant().or_each_axis(1),
                Param::tensor("groups", INT32, "").constant().or_int(1),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("weight", Types::Domain("U"), ""),
                Param::tensor("bias", Types::Domain("U"), "").optional(),
                Param::tensor("pad", INT32, "").constant().or_each_side(0),
                Param::tensor("output_shape", INT32, "").constant().optional(),
                Param::tensor("pad_type", STRING, "").constant().or_str("valid"),
                Param::tensor("strides", INT32, "").constant().or_each_axis(1),
                Param::tensor("dilations", INT32, "").constant().or_each_axis(1),
                Param::tensor("groups", INT32, "").constant().or_int(1),
            ],
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// `output_shape`, or the inverse of a convolution's formula.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    if call.is_given("output_shape") {
        return Ok(vec![dims::tensor(x.dtype, call.shape_from("output_shape")?)]);
    }
    let Some(frame) = super::Frame::of(call)? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let groups = call.int("groups")?;
    let mut result = vec![frame.dims[0].clone(), dims::mul(&frame.weight[1], groups)?];
    let pad_type = call.string("pad_type")?.to_ascii_lowercase();
    for (axis, dim) in frame.dims[2..].iter().enumerate() {
        let (stride, kernel) = (frame.strides[axis], frame.kernel(axis));
        let pad = match pad_type.as_str() {
            "valid" => 0,
            "custom" => frame.pad(call, axis)?,
            "same" | "same_lower" => {
                result.push(dims::mul(dim, stride)?);
                continue;
            }
            other => return Err(invalid!("pad_type {other} is not known")),
        };
        let Some(kernel) = kernel else {
            result.push(Dim::UNKNOWN);
            continue;
        };
        let grown =
            |size: i64| size.checked_sub(1)?.checked_mul(stride)?.checked_add(kernel)?.checked_sub(pad);
        result.push(dims::map(dim, grown)?);
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
