//! `random_uniform`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "random_uniform",
    family: Family::Random,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("shape", INT32, ""),
            Param::tensor("low", T, "").constant().or_float(0.0),
            Param::tensor("high", T, "").constant().or_float(1.0),
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
