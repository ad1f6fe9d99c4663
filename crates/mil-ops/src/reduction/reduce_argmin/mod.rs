//! `reduce_argmin`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reduce_argmin",
    family: Family::Reduction,
    doc: "The index of the smallest element along an axis; the first of equal ones.",
    versions: &[
        Version {
            since: Release::IOS13,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
                Param::tensor("keep_dims", BOOL, "Keep the reduced axes, with size 1.")
                    .constant()
                    .or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Release::IOS17,
            params: &[
                Param::tensor("x", T, "The input."),
                Param::tensor("axis", INT32, "The axis; negative counts from the end.").constant().or_int(-1),
                Param::tensor("keep_dims", BOOL, "Keep the reduced axes, with size 1.")
                    .constant()
                    .or_bool(false),
                Param::tensor("output_dtype", STRING, "Name of the element type of the result.")
                    .one_of(&["int32", "uint16"])
                    .constant()
                    .or_str("int32"),
            ],
            domains: &[("T", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(super::infer_arg),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
