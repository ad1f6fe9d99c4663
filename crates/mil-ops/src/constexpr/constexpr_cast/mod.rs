//! `constexpr_cast`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("source_val", Types::Only(&[Fp16]), "").constant(),
    Param::tensor("output_dtype", STRING, "").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "constexpr_cast",
    family: Family::Constexpr,
    doc: "",
    versions: &[
        Version { since: Target::IOS16, params: PARAMS, domains: &[] },
        Version { since: Target::IOS18, params: PARAMS, domains: &[] },
    ],
    effect: Effect::Pure,
    traits: &[Trait::Constexpr],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
