//! `prelu`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 2] = [
    Param::tensor("x", T, "The input: `[batch, channels, …]`, rank 3 to 5."),
    Param::tensor("alpha", T, "Slope below 0, for each channel.").constant(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "prelu",
    family: Family::Activation,
    doc: "`x` where `x ≥ 0`, else `alpha · x` with a slope for each channel. In tensors of rank 3 and \
          5 all slopes must be equal.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor("alpha", Types::Domain("U"), "Slope below 0, for each channel.").constant()],
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

/// One slope for each channel, all equal where the rank is not 4.
fn check(call: &Call<'_>, problems: &mut Problems) {
    let Ok(Some(dims)) = call.dims("x") else { return };
    if !(3..=5).contains(&dims.len()) {
        problems.add(format!("x must have rank 3 to 5, not {}", dims.len()));
        return;
    }
    call.expect_shape("alpha", &dims[1..2], problems);
}
