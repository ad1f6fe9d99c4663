//! `l2_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] = [
    Param::tensor("x", T, "The input, rank 3 at least."),
    Param::tensor("epsilon", T, "Added to the sum.").constant().or_float(1e-6),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "l2_norm",
    family: Family::Normalization,
    doc: "`x / √(Σx² + epsilon)`, summed over the last three axes.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor("epsilon", Types::Domain("U"), "Added to the sum.")
                    .constant()
                    .or_float(1e-6)],
            ),
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
