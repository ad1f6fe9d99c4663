//! `fill_like`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "fill_like",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version {
        since: Target::IOS16,
        params: &[
            Param::tensor("ref_tensor", T, ""),
            Param::tensor("value", Types::Domain("U"), "").constant().or_float(0.0),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32]), ("U", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
