//! `softplus_parametric`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "softplus_parametric",
    family: Family::Activation,
    doc: "`alpha · ln(1 + e^(beta · x))`, with numbers for each channel.",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 at least."),
                Param::tensor("alpha", T, "Factor of the result, for each channel.").constant(),
                Param::tensor("beta", T, "Factor of `x`, for each channel.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 at least."),
                Param::tensor("alpha", Types::Domain("U"), "Factor of the result, for each channel.")
                    .constant(),
                Param::tensor("beta", Types::Domain("U"), "Factor of `x`, for each channel.").constant(),
            ],
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
