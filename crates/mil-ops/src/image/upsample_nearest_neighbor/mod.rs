//! `upsample_nearest_neighbor`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "upsample_nearest_neighbor",
    family: Family::Image,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("scale_factor_height", Types::Domain("U"), "").constant().or_int(1),
            Param::tensor("scale_factor_width", Types::Domain("U"), "").constant().or_int(1),
        ],
        domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
