//! `local_response_norm`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 5] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 or 4."),
    Param::tensor("size", INT32, "Number of channels in the sum.").constant(),
    Param::tensor("alpha", T, "Factor of the sum.").constant().or_float(1e-4),
    Param::tensor("beta", T, "Exponent.").constant().or_float(0.75),
    Param::tensor("k", T, "Summand.").constant().or_float(1.0),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "local_response_norm",
    family: Family::Normalization,
    doc: "`x / (k + alpha / size · Σx²)^beta`, summed over `size` neighbouring channels. Of an even \
          `size` the window reaches one further down than up, as in PyTorch. Channels are axis 1; \
          of an array of rank 3 they are axis 0: the documentation says `[batch, channels, …]` of \
          it too, but the numbers that coremltools' tests state for Core ML are those of one \
          image.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Factor of the sum.")
                        .constant()
                        .or_float(1e-4),
                    Param::tensor("beta", Types::Domain("U"), "Exponent.").constant().or_float(0.75),
                    Param::tensor("k", Types::Domain("U"), "Summand.").constant().or_float(1.0),
                ],
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
