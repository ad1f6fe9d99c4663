//! `slice_by_index`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 7] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("begin", INT32, "First element along each axis; negative counts from the end."),
    Param::tensor("end", INT32, "One past the last element along each axis; negative counts from the end."),
    Param::tensor("stride", INT32, "Step along each axis; negative goes backwards. None is 1.")
        .constant()
        .optional(),
    Param::tensor(
        "begin_mask",
        BOOL,
        "Axes whose `begin` is ignored: the slice starts at the edge. None is nowhere.",
    )
    .constant()
    .optional(),
    Param::tensor(
        "end_mask",
        BOOL,
        "Axes whose `end` is ignored: the slice goes to the edge. None is nowhere.",
    )
    .constant()
    .optional(),
    Param::tensor(
        "squeeze_mask",
        BOOL,
        "Axes of which only the element at `begin` is taken, and which the result does \
         not have. None is nowhere.",
    )
    .constant()
    .optional(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "slice_by_index",
    family: Family::Shape,
    doc: "The elements from `begin` to `end` along each axis. Bounds beyond the edges stop there.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor(
                        "begin",
                        Types::Domain("U"),
                        "First element along each axis; negative counts from the end.",
                    ),
                    Param::tensor(
                        "end",
                        Types::Domain("U"),
                        "One past the last element along each axis; negative counts from the end.",
                    ),
                    Param::tensor(
                        "stride",
                        Types::Domain("U"),
                        "Step along each axis; negative goes backwards. None is 1.",
                    )
                    .constant()
                    .optional(),
                ],
            ),
            domains: &[
                ("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16]),
                ("U", &[Int8, Int16, Int32]),
            ],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// The slice of each axis; squeezed axes are gone.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    Ok(vec![dims::tensor(x.dtype, super::sliced(call)?)])
}
