//! `conv_quantized`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "conv_quantized",
    family: Family::Conv,
    doc: "Convolution with a quantised weight. Internal to old converters. Only `linear` is \
          evaluated: the weight is `weight · quant_scale + quant_bias`, with numbers for each \
          output channel. No document says how `lut` indexes and scales its table.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input: `[batch, channels, …]`."),
            Param::tensor(
                "weight",
                Types::Domain("U"),
                "The quantised kernels: `[out channels, channels / groups, …]`.",
            ),
            Param::tensor(
                "bias",
                Types::Domain("U"),
                "One number for each output channel; none adds nothing.",
            )
            .constant()
            .optional(),
            Param::tensor("quantization_type", STRING, "How the weight is quantised.")
                .one_of(&["linear", "lut"])
                .constant(),
            Param::tensor("nbits", INT32, "Bits of a weight.").constant().or_int(8),
            Param::tensor("quant_scale", T, "The scale, or the look-up table.").constant(),
            Param::tensor("quant_bias", T, "The shift.").constant(),
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
        ],
        domains: &[("T", &[Fp16, Fp32]), ("U", &[Uint8])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
