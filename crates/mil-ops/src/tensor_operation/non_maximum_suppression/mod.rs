//! `non_maximum_suppression`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "non_maximum_suppression",
    family: Family::TensorOperation,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("boxes", T, ""),
                Param::tensor("scores", T, ""),
                Param::tensor("iou_threshold", T, "").constant(),
                Param::tensor("score_threshold", T, "").constant(),
                Param::tensor("max_boxes", INT32, "").constant(),
                Param::tensor("per_class_suppression", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("boxes", T, ""),
                Param::tensor("scores", T, ""),
                Param::tensor("iou_threshold", T, "").constant(),
                Param::tensor("max_boxes", INT32, "").constant(),
                Param::tensor("per_class_suppression", BOOL, "").constant().or_bool(false),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
