//! `random_bernoulli`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "random_bernoulli",
    family: Family::Random,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("shape", INT32, ""),
            Param::tensor("prob", T, "").constant().or_float(0.5),
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
