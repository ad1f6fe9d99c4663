//! `matmul`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The parameters of the first version.
const PARAMS: [Param; 4] = [
    Param::tensor("x", T, "Matrices, or a vector, which counts as one row."),
    Param::tensor("y", T, "Matrices."),
    Param::tensor("transpose_x", BOOL, "Swap the last two axes of `x` first.").constant().or_bool(false),
    Param::tensor("transpose_y", BOOL, "Swap the last two axes of `y` first.").constant().or_bool(false),
];

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "matmul",
    family: Family::Linear,
    doc: "The matrix product of the last two axes; those before are broadcast to each other. From \
          iOS17 on a constant operand may have another element type, and the result has that of the \
          other one.",
    versions: &[
        Version { since: Release::IOS13, params: &PARAMS, domains: &[("T", &[Fp16, Fp32, Int32])] },
        Version {
            since: Release::IOS17,
            params: &changed(PARAMS, &[Param::tensor("y", Types::Domain("U"), "Matrices.")]),
            domains: &[("T", &[Fp16, Fp32, Int32]), ("U", &[Fp16, Fp32, Int32])],
        },
    ],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// Rows of `x`, columns of `y`, and the axes before them broadcast. A vector `x` counts as one row, which the
/// result does not show.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let is_constant = |param: &str| call.literal(param).is_some();
    let dtype = match (call.dtype("x")?, call.dtype("y")?) {
        (x, y) if x != y && is_constant("x") && !is_constant("y") => y,
        (x, _) => x,
    };
    let (Some(x), Some(y)) = (call.dims("x")?, call.dims("y")?) else {
        return Ok(vec![dims::tensor(dtype, None)]);
    };
    let (mut rows, mut columns) = (x.to_vec(), y.to_vec());
    let vector = rows.len() == 1;
    if vector {
        rows.insert(0, Dim::Fixed(1));
    }
    if rows.len() < 2 || columns.len() < 2 {
        return Err(invalid!(
            "x of shape {} and y of shape {} are no matrices",
            dims::show(x),
            dims::show(y)
        ));
    }
    let (m, n) = (rows.len(), columns.len());
    if call.bool("transpose_x")? && !vector {
        rows.swap(m - 1, m - 2);
    }
    if call.bool("transpose_y")? {
        columns.swap(n - 1, n - 2);
    }
    if !dims::may_equal(&rows[m - 1], &columns[n - 2]) {
        return Err(invalid!("rows of x have size {}, columns of y {}", rows[m - 1], columns[n - 2]));
    }
    let mut result = dims::broadcast(&rows[..m - 2], &columns[..n - 2])?;
    result.extend((!vector).then(|| rows[m - 2].clone()));
    result.push(columns[n - 1].clone());
    Ok(vec![dims::tensor(dtype, Some(result))])
}
