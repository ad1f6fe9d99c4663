//! `softplus_parametric`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 at least."),
    Param::tensor("alpha", T, "Factor of the result, for each channel.").constant(),
    Param::tensor("beta", T, "Factor of `x`, for each channel.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "softplus_parametric",
    family: Family::Activation,
    doc: "`alpha · ln(1 + e^(beta · x))`, with numbers for each channel.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("alpha", Types::Domain("U"), "Factor of the result, for each channel.")
                        .constant(),
                    Param::tensor("beta", Types::Domain("U"), "Factor of `x`, for each channel.").constant(),
                ],
            ),
            domains: &[("T", &[Fp16, Fp32]), ("U", &[Fp16, Fp32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Numbers for each channel.
fn check(call: &Call<'_>, problems: &mut Problems) {
    let Ok(Some(dims)) = call.dims("x") else { return };
    if dims.len() < 3 {
        problems.add(format!("x must have rank 3 at least, not {}", dims.len()));
        return;
    }
    for param in ["alpha", "beta"] {
        call.expect_shape(param, &dims[1..2], problems);
    }
}
