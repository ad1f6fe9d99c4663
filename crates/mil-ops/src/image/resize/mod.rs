//! `resize`

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "resize",
    family: Family::Image,
    doc: "",
    versions: &[Version {
        since: Target::IOS17,
        params: &[
            Param::tensor("x", T, ""),
            Param::tensor("shape", Types::Domain("U"), ""),
            Param::tensor("resized_dims", Types::Only(&[Uint32]), "").constant(),
            Param::tensor("interpolation_mode", STRING, "").constant().or_str("LINEAR"),
            Param::tensor("sampling_mode", STRING, "").constant().or_str("DEFAULT"),
        ],
        domains: &[("T", &[Fp16, Fp32, Int32]), ("U", &[Int16, Int32, Uint16, Uint32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: None,
    check: None,
    #[cfg(feature = "eval")]
    kernel: None,
};
