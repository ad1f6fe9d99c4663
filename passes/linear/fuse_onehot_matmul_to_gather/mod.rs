use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, OptionMap, Rewrite, pass};
use mil_tensor::Tensor;

use crate::shape::guard_rows;

pass! {
    /// Looks up rows of a matrix in place of a product with one-hot vectors.
    ///
    /// The one-hot axis is the last one, with 1 at the index and 0 elsewhere; the matrix is constant and
    /// finite, since 0 times infinity is not a number. An index outside the matrix gives zeros, while
    /// `gather` counts from the end or takes any row: all indices must be inside. Constant ones show that; of
    /// others it must be said with `assume_in_range`. coremltools assumes it, and guards negative ones, which
    /// then count from the end; so does its id. The vectors must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<int32, [2]> i = const()[name = string("i"), val = tensor<int32, [2]>([1, 0])];
    ///     int32 n = const()[name = string("n"), val = int32(2)];
    ///     fp32 on = const()[name = string("on"), val = fp32(1.0)];
    ///     fp32 off = const()[name = string("off"), val = fp32(0.0)];
    ///     tensor<fp32, [2, 2]> h = one_hot(indices = i, off_value = off, on_value = on, one_hot_vector_size = n)[name = string("h")];
    ///     tensor<fp32, [2, 1]> w = const()[name = string("w"), val = tensor<fp32, [2, 1]>([[0.5], [0.25]])];
    ///     tensor<fp32, [2, 1]> m = matmul(x = h, y = w)[name = string("m")];
    ///     tensor<fp32, [2, 2]> y = add(x = m, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2]> x) {
    ///     tensor<int32, [2]> i = const()[name = string("i"), val = tensor<int32, [2]>([1, 0])];
    ///     tensor<fp32, [2, 1]> w = const()[name = string("w"), val = tensor<fp32, [2, 1]>([[0.5], [0.25]])];
    ///     int32 m_axis_0 = const()[name = string("m_axis_0"), val = int32(0)];
    ///     tensor<fp32, [2, 1]> m = gather(axis = m_axis_0, indices = i, x = w)[name = string("m")];
    ///     tensor<fp32, [2, 2]> y = add(x = m, y = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseOnehotMatmulToGather {
        /// All indices are taken to name a row.
        pub assume_in_range: bool = false,
        /// From iOS17 on, negative indices are made to count from the end, as
        /// `guard_negative_gather_indices` does.
        pub guard_negative: bool = false,
    }
    id: "fuse_onehot_matmul_to_gather",
    numerics: Rounding,
    aliases: [Alias { id: "common::fuse_onehot_matmul_to_gather", adapt }],
    patterns: [
        /// `one_hot`, then `matmul` with a constant
        rows(matmul) with options,
    ],
}

/// coremltools always assumes the one and does the other.
fn adapt(mut options: OptionMap) -> Result<OptionMap, String> {
    options.entry("assume_in_range").or_insert(true.into());
    options.entry("guard_negative").or_insert(true.into());
    Ok(options)
}

fn rows(pass: &FuseOnehotMatmulToGather, rw: &mut Rewrite<'_>, matmul: OpId) -> Matched {
    let one_hot = rw.producer(matmul, "x", &["one_hot"])?;
    rw.used_only_by(one_hot, matmul)?;
    let call = rw.call(matmul)?;
    let transposed = call.bool("transpose_x")? || call.bool("transpose_y")?;
    No::unless(!transposed, "an operand is transposed")?;
    let matrix = rw.constant(matmul, "y")?;
    No::unless(matrix.rank() == 2, "the constant is not a matrix")?;
    No::unless(matrix.all(f64::is_finite)?, "the matrix is not finite")?;

    let indices = rw.input(one_hot, "indices")?;
    let call = rw.call(one_hot)?;
    let rank = rw.rank(indices)?;
    No::unless(call.axis("axis", rank + 1)? == rank, "the one-hot axis is not the last one")?;
    let (on, off) = (call.float("on_value")?, call.float("off_value")?);
    No::unless(on == 1.0 && off == 0.0, "the vectors do not hold 1 and 0")?;
    let size = matrix.shape()[0] as f64;
    let inside = || -> Result<bool, No> {
        let indices = rw.constant(one_hot, "indices")?;
        Ok(indices.all(|index| index >= 0.0 && index < size)?)
    };
    No::unless(pass.assume_in_range || inside()?, "an index may be outside the matrix")?;

    let new = NewOp::new("gather")
        .with("x", rw.input(matmul, "y")?)
        .with("indices", indices)
        .with("axis", Tensor::scalar(0_i32));
    let rows = rw.emit_one(new.named(rw.graph().label(matmul).clone()), matmul)?;
    rw.replace_with_new(matmul, &[rows], &[one_hot])?;
    if pass.guard_negative
        && let Some(gather) = rw.graph().definition(rows)
        && let Err(No::Fault(fault)) = guard_rows(rw, gather)
    {
        return Err(No::Fault(fault));
    }
    Ok(())
}
