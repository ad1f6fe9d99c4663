//! `l2_pool`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "l2_pool",
    family: Family::Pool,
    doc: "The square root of the sum of squares of each window. Axes: batch, channels, one or two \
          spatial ones.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input: `[batch, channels, …]`."),
            Param::tensor("kernel_sizes", INT32, "Length of the window along each spatial axis.").constant(),
            Param::tensor("strides", INT32, "Steps along each spatial axis.").constant().or_each_axis(1),
            Param::tensor(
                "pad_type",
                STRING,
                "How the spatial axes are padded with zeros: not (`valid`), so that the output \
                 has `ceil(size / stride)` elements with an odd row at the end (`same`) or at the \
                 front (`same_lower`, from iOS16 on), or as `pad` says (`custom`).",
            )
            .one_of(&["valid", "same", "same_lower", "custom"])
            .constant(),
            Param::tensor(
                "pad",
                INT32,
                "Padding before and after each spatial axis: `[before, after, before, after, …]`. \
                 Used by `pad_type` `custom` only.",
            )
            .constant()
            .or_each_side(0),
            Param::tensor(
                "ceil_mode",
                BOOL,
                "Also count a last window that reaches beyond the padded end, unless it starts in \
                 the padding; without padding it counts even if it starts at the end, as in \
                 coremltools.",
            )
            .constant()
            .or_bool(false),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
