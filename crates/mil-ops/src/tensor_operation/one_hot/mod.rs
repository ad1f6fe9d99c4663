//! `one_hot`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "one_hot",
    family: Family::TensorOperation,
    doc: "",
    versions: &[Version {
        since: Target::IOS13,
        params: &[
            Param::tensor("indices", INT32, ""),
            Param::tensor("one_hot_vector_size", INT32, ""),
            Param::tensor("axis", INT32, "").constant().or_int(-1),
            Param::tensor("on_value", T, "").constant().or_int(1),
            Param::tensor("off_value", T, "").constant().or_int(0),
        ],
        domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
