use mil_ir::{OpId, Operand};
use mil_pass::{Alias, Matched, No, Rewrite, pass};

pass! {
    /// Makes one `reshape` of two in a row.
    ///
    /// The value between must have no other use, and the second shape must be constant and without zeros:
    /// they mean "as in the input", which would then be another.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 6]> x) {
    ///     tensor<int32, [1]> s = const()[name = string("s"), val = tensor<int32, [1]>([12])];
    ///     tensor<int32, [2]> t = const()[name = string("t"), val = tensor<int32, [2]>([3, 4])];
    ///     tensor<fp32, [12]> z = reshape(shape = s, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 4]> y = reshape(shape = t, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 6]> x) {
    ///     tensor<int32, [2]> t = const()[name = string("t"), val = tensor<int32, [2]>([3, 4])];
    ///     tensor<fp32, [3, 4]> y = reshape(shape = t, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeConsecutiveReshapes;
    id: "merge_consecutive_reshapes",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_consecutive_reshapes")],
    patterns: [
        /// `reshape`, then `reshape`
        pair(reshape),
    ],
}

fn pair(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    let first = rw.producer(second, "x", &["reshape"])?;
    rw.used_only_by(first, second)?;
    let x = rw.input(first, "x")?;
    let zero = rw.constant(second, "shape")?.to_i64s()?.contains(&0);
    No::unless(!zero, "a zero in the second shape copies a size of the first result")?;
    rw.graph_mut().set_operand(second, "x", 0, Operand::Value(x));
    rw.erase_unused(&[first]);
    Ok(())
}
