//! `resize_nearest_neighbor`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resize_nearest_neighbor",
    family: Family::Image,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("target_size_height", INT32, "").constant(),
            Param::tensor("target_size_width", INT32, "").constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
