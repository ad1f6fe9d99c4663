//! `reverse_sequence`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reverse_sequence",
    family: Family::Shape,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("lengths", INT32, ""),
                Param::tensor("seq_axis", INT32, "").constant().or_int(0),
                Param::tensor("batch_axis", INT32, "").constant().or_int(0),
            ],
            domains: &[("T", &[Bool, Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, ""),
                Param::tensor("lengths", Types::Domain("U"), ""),
                Param::tensor("seq_axis", INT32, "").constant().or_int(0),
                Param::tensor("batch_axis", INT32, "").constant().or_int(0),
            ],
            domains: &[
                ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("U", &[Int8, Int16, Int32]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
