use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

use crate::constants::{along_axis, scaled, signs, to_dtype};

pass! {
    /// Makes `linear` of a product with a constant matrix and a constant that is added to it or subtracted.
    ///
    /// The matrix stands on the right, and the constant varies along the last axis only. `c - x W` is the
    /// layer with the negative matrix; `W x + c` is none, its bias would lie along the rows. A matrix that
    /// must be transposed or negated and has other uses stays: it would be stored twice. The product must
    /// have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [2, 1]> w = const()[name = string("w"), val = tensor<fp32, [2, 1]>([[1.0], [2.0]])];
    ///     tensor<fp32, [1, 1]> m = matmul(x = x, y = w)[name = string("m")];
    ///     tensor<fp32, [1]> b = const()[name = string("b"), val = tensor<fp32, [1]>([0.5])];
    ///     tensor<fp32, [1, 1]> y = add(x = m, y = b)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [1, 2]> y_weight = const()[name = string("y_weight"), val = tensor<fp32, [1, 2]>([[1.0, 2.0]])];
    ///     tensor<fp32, [1]> y_bias = const()[name = string("y_bias"), val = tensor<fp32, [1]>([0.5])];
    ///     tensor<fp32, [1, 1]> y = linear(bias = y_bias, weight = y_weight, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseMatmulWeightBias;
    id: "fuse_matmul_weight_bias",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_matmul_weight_bias")],
    patterns: [
        /// `matmul` with a constant, then `add` or `sub` with a constant
        weight_and_bias(add | sub),
    ],
}

fn weight_and_bias(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let (matmul, side) = rw.side_from(end, &["matmul"])?;
    rw.used_only_by(matmul, end)?;
    let shift = rw.constant(end, side.other().param())?;
    let left = rw.constant(matmul, "x").is_ok();
    No::unless(!left, "the matrix stands on the left")?;
    let weight = rw.constant(matmul, "y")?;
    let (x, value) = (rw.input(matmul, "x")?, rw.result(matmul)?);
    No::unless(weight.rank() == 2 && rw.rank(x)? >= 2, "an operand is a vector or a batch of matrices")?;
    No::unless(weight.dtype() == rw.dtype(value)?, "matrix and result have different element types")?;
    let call = rw.call(matmul)?;
    let (transpose_x, is_transposed) = (call.bool("transpose_x")?, call.bool("transpose_y")?);
    No::unless(!transpose_x, "x is transposed")?;

    let features = weight.shape()[if is_transposed { 0 } else { 1 }];
    let shift = along_axis(rw, &shift, value, rw.rank(value)? - 1, features)?;
    let (of_product, of_shift) = signs(rw, end, side);
    let bias: Vec<f64> = shift.iter().map(|shift| of_shift * shift).collect();
    let bias = to_dtype(&bias, weight.dtype())?;
    let label = rw.graph().label(end).to_string();
    let weight: Operand = if is_transposed && of_product > 0.0 {
        rw.graph().operand(matmul, "y").cloned().unwrap_or_else(|| weight.into())
    } else {
        let shared = rw.graph().input(matmul, "y").is_some_and(|value| rw.graph().only_use(value).is_none());
        No::unless(!shared, "the matrix has another use and would be stored twice")?;
        let upright = if is_transposed { weight } else { weight.transposed(&[1, 0])? };
        let signed = if of_product > 0.0 { upright } else { scaled(&upright, 0, &vec![-1.0; features])? };
        rw.tensor(&format!("{label}_weight"), signed, end).into()
    };
    let bias = rw.tensor(&format!("{label}_bias"), bias, end);
    let new = NewOp::new("linear").with("x", x).with("weight", weight).with("bias", bias);
    rw.replace(end, new, &[matmul])
}
