//! `pixel_unshuffle`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "pixel_unshuffle",
    family: Family::Shape,
    doc: "",
    versions: &[Version {
        since: Target::IOS16,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("downscale_factor", Types::Only(&[Uint32]), "").constant(),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
