//! `reduce_log_sum_exp`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reduce_log_sum_exp",
    family: Family::Reduction,
    doc: "`ln Σeˣ` over axes, computed without overflow.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("x", T, "The input."),
            Param::tensor("axes", INT32, "The axes; negative ones count from the end. None reduces all.")
                .constant()
                .optional(),
            Param::tensor("keep_dims", BOOL, "Keep the reduced axes, with size 1.").constant().or_bool(false),
        ],
        domains: &[("T", &[Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
