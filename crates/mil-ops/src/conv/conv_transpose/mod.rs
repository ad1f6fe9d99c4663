//! `conv_transpose`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 9] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`."),
    Param::tensor("weight", T, "The kernels: `[channels, out channels / groups, …]`.").constant(),
    Param::tensor("bias", T, "One number for each output channel; none adds nothing.").constant().optional(),
    Param::tensor(
        "pad",
        INT32,
        "Elements removed before and after each spatial axis: `[before, after, before, \
         after, …]`. Used by `pad_type` `custom` only.",
    )
    .constant()
    .or_each_side(0),
    Param::tensor("output_shape", INT32, "The whole shape of the result, where the formula leaves it open.")
        .constant()
        .optional(),
    Param::tensor(
        "pad_type",
        STRING,
        "How the result is cropped: not (`valid`), to `stride · size` (`same`), or as \
         `pad` says (`custom`).",
    )
    .one_of(&["valid", "same", "same_lower", "custom"])
    .constant()
    .or_str("valid"),
    Param::tensor("strides", INT32, "Steps along each spatial axis.").constant().or_each_axis(1),
    Param::tensor(
        "dilations",
        INT32,
        "Distance of neighbouring elements of the kernel along each spatial axis.",
    )
    .constant()
    .or_each_axis(1),
    Param::tensor(
        "groups",
        INT32,
        "Number of groups that the channels are split into; each group of outputs sees \
         one group of inputs.",
    )
    .constant()
    .or_int(1),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "conv_transpose",
    family: Family::Conv,
    doc: "Transposed convolution over one to three spatial axes: the gradient of `conv`. A spatial \
          axis has `stride · (size - 1) + dilation · (kernel - 1) + 1 - padding` elements, `stride \
          · size` for `same`, or as many as `output_shape` says. What `output_shape` asks for \
          beyond the formula stands at the end of each axis, as PyTorch's `output_padding`.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor(
                        "weight",
                        Types::Domain("U"),
                        "The kernels: `[channels, out channels / groups, …]`.",
                    ),
                    Param::tensor(
                        "bias",
                        Types::Domain("U"),
                        "One number for each output channel; none adds nothing.",
                    )
                    .optional(),
                ],
            ),
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
