//! `expand_dims`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[Param::tensor("x", T, ""), Param::tensor("axes", INT32, "").constant()];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "expand_dims",
    family: Family::Shape,
    doc: "",
    versions: &[
        Version { since: Target::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Target::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
