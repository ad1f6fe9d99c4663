//! `squeeze`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

const PARAMS: &[Param] = &[
    Param::tensor("x", T, "The input."),
    Param::tensor("axes", INT32, "The axes; negative ones count from the end. None removes all of size 1.")
        .constant()
        .optional(),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "squeeze",
    family: Family::Shape,
    doc: "Removes axes of size 1.",
    versions: &[
        Version { since: Release::IOS13, params: PARAMS, domains: &[("T", &[Bool, Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: PARAMS,
            domains: &[("T", &[Bool, Fp16, Fp32, Int8, Int16, Int32, Uint8, Uint16])],
        },
    ],
    effect: Effect::Pure,
    traits: &[Trait::KeepsOrder],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Without the axes that `axes` name, or without all of size 1.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let one = Dim::Fixed(1);
    let result = if call.is_given("axes") {
        let axes = call.axes("axes", dims.len())?;
        let gone = |axis: usize, dim: &Dim| axes.contains(&axis) && dims::may_equal(dim, &one);
        dims.iter().enumerate().filter(|(axis, dim)| !gone(*axis, dim)).map(|(_, dim)| dim.clone()).collect()
    } else if dims.iter().any(|dim| *dim != one && dims::may_equal(dim, &one)) {
        // An axis whose size is not known may be one of those that go.
        return Ok(vec![dims::tensor(x.dtype, None)]);
    } else {
        dims.iter().filter(|dim| **dim != one).cloned().collect()
    };
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}
