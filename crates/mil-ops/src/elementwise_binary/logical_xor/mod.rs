//! `logical_xor`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "logical_xor",
    family: Family::ElementwiseBinary,
    doc: "Whether exactly one of `x` and `y` holds, broadcast to each other.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[Param::tensor("x", T, "The first operand."), Param::tensor("y", T, "The second operand.")],
        domains: &[("T", &[Bool])],
    }],
    effect: Effect::Pure,
    traits: &[Trait::Elementwise, Trait::Commutative],
    infer: Some(super::infer_bool),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
