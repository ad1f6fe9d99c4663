//! `reverse_sequence`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 4] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("lengths", INT32, "Number of elements reversed, for each place of the batch axis."),
    Param::tensor("seq_axis", INT32, "The axis that is reversed.").constant().or_int(0),
    Param::tensor("batch_axis", INT32, "The axis that `lengths` belongs to.").constant().or_int(0),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "reverse_sequence",
    family: Family::Shape,
    doc: "Reverses the first elements along an axis, as many as are said for each place of another \
          axis.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[Param::tensor(
                    "lengths",
                    Types::Domain("U"),
                    "Number of elements reversed, for each place of the batch axis.",
                )],
            ),
            domains: &[
                ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("U", &[Int8, Int16, Int32]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(like_x),
    check: Some(check),
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// One length for each place of the batch axis.
fn check(call: &Call<'_>, problems: &mut Problems) {
    let Ok(Some(dims)) = call.dims("x") else { return };
    match (call.axis("batch_axis", dims.len()), call.axis("seq_axis", dims.len())) {
        (Ok(batch), Ok(_)) => call.expect_shape("lengths", &dims[batch..=batch], problems),
        (Err(error), _) | (_, Err(error)) => problems.add(error.to_string()),
    }
}
