//! `prelu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "prelu",
    family: Family::Activation,
    doc: "`x` where `x ≥ 0`, else `alpha · x` with a slope for each channel. In tensors of rank 3 and \
          5 all slopes must be equal.",
    versions: &[
        Version {
            since: Target::IOS13,
            params: &[
                Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 to 5."),
                Param::tensor("alpha", T, "Slope below 0, for each channel.").constant(),
            ],
            domains: &[("T", &[Fp16, Fp32])],
        },
        Version {
            since: Target::IOS17,
            params: &[
                Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 to 5."),
                Param::tensor("alpha", Types::Domain("U"), "Slope below 0, for each channel.").constant(),
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
