//! `slice_by_size`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 3] = [
    Param::tensor("x", T, "The input."),
    Param::tensor("begin", INT32, "First element along each axis."),
    Param::tensor("size", INT32, "Number of elements along each axis; -1 goes to the end."),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "slice_by_size",
    family: Family::Shape,
    doc: "So many elements from a place on, along each axis.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(
                PARAMS,
                &[
                    Param::tensor("begin", Types::Domain("U"), "First element along each axis."),
                    Param::tensor(
                        "size",
                        Types::Domain("U"),
                        "Number of elements along each axis; -1 goes to the end.",
                    ),
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

/// The sizes asked for; -1 reaches to the end.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let Ok(sizes) = call.ints("size") else {
        return Ok(vec![dims::tensor(x.dtype, Some(vec![Dim::UNKNOWN; dims.len()]))]);
    };
    if sizes.len() != dims.len() {
        return Err(invalid!("size has {} numbers for a tensor of rank {}", sizes.len(), dims.len()));
    }
    let begin = call.ints("begin").ok().filter(|begin| begin.len() == dims.len());
    let mut result = Vec::with_capacity(dims.len());
    for (axis, size) in sizes.into_iter().enumerate() {
        result.push(match (size, &begin) {
            (-1, Some(begin)) if begin[axis] < 0 => dims::size(begin[axis].saturating_neg())?,
            (-1, Some(begin)) => dims::add(&dims[axis], begin[axis].saturating_neg())?,
            (-1, None) => Dim::UNKNOWN,
            (size, _) => dims::size(size)?,
        });
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
