//! `classify`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "classify",
    family: Family::Classify,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("probabilities", Types::Only(&[Fp32]), ""),
            Param::list("classes", "").constant(),
        ],
        domains: &[],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
