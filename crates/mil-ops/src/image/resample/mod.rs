//! `resample`

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, ""),
    Param::tensor("coordinates", Types::Domain("U"), ""),
    Param::tensor("sampling_mode", STRING, "").constant(),
    Param::tensor("padding_mode", STRING, "").constant(),
    Param::tensor("padding_value", T, "").constant(),
    Param::tensor("coordinates_mode", STRING, "").constant(),
    Param::tensor("align_corners", BOOL, "").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resample",
    family: Family::Image,
    doc: "",
    versions: &[
        Version {
            since: Target::IOS15,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp32, Int32])],
        },
        Version {
            since: Target::IOS16,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int32])],
        },
        Version {
            since: Target::IOS17,
            params: PARAMS,
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
