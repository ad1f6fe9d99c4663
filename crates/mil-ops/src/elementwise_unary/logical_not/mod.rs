//! `logical_not`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "logical_not",
    family: Family::ElementwiseUnary,
    doc: "`true` where `x` is `false`, and the other way round.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", BOOL, "The input.")],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
