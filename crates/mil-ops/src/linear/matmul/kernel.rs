//! Product of stacks of matrices, which broadcast. Vectors are treated as in NumPy; integers wrap.

use crate::eval::convert;
use crate::eval::prelude::*;
use crate::eval::products::matmul;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let transposed = (cx.bool("transpose_x")?, cx.bool("transpose_y")?);
    let product = matmul(cx, cx.array("x")?, cx.array("y")?, transposed)?;
    // Operands may have different types; the program says which one the result has.
    one(convert(cx, &product, cx.result_dtype(0, Some(&product)))?)
}
