//! `conv`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 8] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`."),
    Param::tensor("weight", T, "The kernels: `[out channels, channels / groups, …]`."),
    Param::tensor("bias", T, "One number for each output channel; none adds nothing.").constant().optional(),
    Param::tensor("strides", INT32, "Steps along each spatial axis.").constant().or_each_axis(1),
    Param::tensor(
        "pad_type",
        STRING,
        "How the spatial axes are padded with zeros: not (`valid`), so that the output \
         has `ceil(size / stride)` elements with an odd row at the end (`same`) or at the \
         front (`same_lower`, from iOS16 on), or as `pad` says (`custom`).",
    )
    .one_of(&["valid", "same", "same_lower", "custom"])
    .constant()
    .or_str("valid"),
    Param::tensor(
        "pad",
        INT32,
        "Padding before and after each spatial axis: `[before, after, before, after, …]`. \
         Used by `pad_type` `custom` only.",
    )
    .constant()
    .or_each_side(0),
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
    name: "conv",
    family: Family::Conv,
    doc: "Convolution (cross-correlation) over one to three spatial axes: `[batch, channels, …]` \
          becomes `[batch, out channels, …]`, where a spatial axis has `⌊(size + padding - dilation · \
          (kernel - 1) - 1) / stride⌋ + 1` elements.",
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
                        "The kernels: `[out channels, channels / groups, …]`.",
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
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
