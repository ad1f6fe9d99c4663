//! `random_categorical`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "random_categorical",
    family: Family::Random,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("mode", STRING, "").constant().or_str("logits"),
            Param::tensor("size", INT32, "").constant().or_int(1),
            Param::tensor("seed", INT32, "").constant().or_int(-1),
        ],
        domains: &[("T", &[Fp16, Fp32])],
    }],
    effect: Effect::Random,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
