//! `avg_pool`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "avg_pool",
    family: Family::Pool,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("exclude_padding_from_average", BOOL, "").constant().or_bool(false),
            Param::tensor("x", T, ""),
            Param::tensor("kernel_sizes", INT32, "").constant(),
            Param::tensor("strides", INT32, "").constant().or_each_axis(1),
            Param::tensor("pad_type", STRING, "").constant(),
            Param::tensor("pad", INT32, "").constant().or_each_side(0),
            Param::tensor("ceil_mode", BOOL, "").constant().or_bool(false),
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
