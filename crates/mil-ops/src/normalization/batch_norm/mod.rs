//! `batch_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 6] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 to 5."),
    Param::tensor("mean", T, "Mean of each channel.").constant(),
    Param::tensor("variance", T, "Variance of each channel.").constant(),
    Param::tensor("gamma", T, "Scale after normalising; none is 1.").constant().optional(),
    Param::tensor("beta", T, "Shift after normalising; none is 0.").constant().optional(),
    Param::tensor("epsilon", T, "Added to the variance.").constant().or_float(1e-5),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "batch_norm",
    family: Family::Normalization,
    doc: "`gamma · (x - mean) / √(variance + epsilon) + beta`, with numbers for each channel.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("mean", Types::Domain("U"), "Mean of each channel.").constant(),
                    Param::tensor("variance", Types::Domain("U"), "Variance of each channel.").constant(),
                    Param::tensor("gamma", Types::Domain("U"), "Scale after normalising; none is 1.")
                        .constant()
                        .optional(),
                    Param::tensor("beta", Types::Domain("U"), "Shift after normalising; none is 0.")
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
