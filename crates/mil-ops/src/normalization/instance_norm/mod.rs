//! `instance_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 4] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 or 4."),
    Param::tensor("gamma", T, "Scale of each channel; none is 1.").constant().optional(),
    Param::tensor("beta", T, "Shift of each channel; none is 0.").constant().optional(),
    Param::tensor("epsilon", T, "Added to the variance.").constant().or_float(1e-5),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "instance_norm",
    family: Family::Normalization,
    doc: "`gamma · (x - m) / √(v + epsilon) + beta`, where `m` and `v` are mean and variance of each \
          channel of each batch element.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("gamma", Types::Domain("U"), "Scale of each channel; none is 1.")
                        .constant()
                        .optional(),
                    Param::tensor("beta", Types::Domain("U"), "Shift of each channel; none is 0.")
                        .constant()
                        .optional(),
                    Param::tensor("epsilon", Types::Domain("U"), "Added to the variance.")
                        .constant()
                        .or_float(1e-5),
                ],
            ),
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: Some(super::check_channels),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};
