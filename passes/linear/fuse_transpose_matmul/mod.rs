use mil_ir::{OpId, ValueId};
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Lets `matmul` swap the last two axes of an operand itself, in place of a `transpose`.
    ///
    /// The transpose must leave the other axes where they are. It stays where it has other uses.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x, tensor<fp32, [1, 2]> w) {
    ///     tensor<int32, [2]> perm = const()[name = string("perm"), val = tensor<int32, [2]>([1, 0])];
    ///     tensor<fp32, [2, 1]> t = transpose(perm = perm, x = w)[name = string("t")];
    ///     tensor<fp32, [1, 1]> y = matmul(x = x, y = t)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x, tensor<fp32, [1, 2]> w) {
    ///     bool y_transpose_y_0 = const()[name = string("y_transpose_y_0"), val = bool(true)];
    ///     tensor<fp32, [1, 1]> y = matmul(transpose_y = y_transpose_y_0, x = x, y = w)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseTransposeMatmul;
    id: "fuse_transpose_matmul",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_transpose_matmul")],
    patterns: [
        /// `transpose` of the last two axes, then `matmul`
        transposed_operand(matmul),
    ],
}

fn transposed_operand(rw: &mut Rewrite<'_>, matmul: OpId) -> Matched {
    let (mut new, mut gone) = (rw.like(matmul)?, Vec::new());
    let mut miss = Ok(());
    for (param, flag) in [("x", "transpose_x"), ("y", "transpose_y")] {
        match swapped(rw, matmul, param) {
            Ok((transpose, value)) => {
                let before = rw.call(matmul)?.bool(flag)?;
                new = new.set(param, value).set(flag, Tensor::bool(!before));
                gone.push(transpose);
            }
            Err(no) => miss = miss.and(Err(no)),
        }
    }
    if gone.is_empty() {
        return miss;
    }
    rw.replace(matmul, new, &gone)
}

/// The transpose behind an operand that swaps the last two axes, and the value that it swaps them of.
fn swapped(rw: &Rewrite<'_>, matmul: OpId, param: &str) -> Result<(OpId, ValueId), No> {
    let transpose = rw.producer(matmul, param, &["transpose"])?;
    let mut order = rw.call(transpose)?.order("perm")?;
    No::unless(order.len() > 1, "a vector is transposed")?;
    let rank = order.len();
    order.swap(rank - 1, rank - 2);
    No::unless(order.iter().copied().eq(0..rank), "the transpose moves other axes than the last two")?;
    Ok((transpose, rw.input(transpose, "x")?))
}
