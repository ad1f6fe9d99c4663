use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes one `transpose` of two in a row.
    ///
    /// The value between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<int32, [3]> p = const()[name = string("p"), val = tensor<int32, [3]>([1, 0, 2])];
    ///     tensor<int32, [3]> q = const()[name = string("q"), val = tensor<int32, [3]>([0, 2, 1])];
    ///     tensor<fp32, [3, 2, 4]> z = transpose(perm = p, x = x)[name = string("z")];
    ///     tensor<fp32, [3, 4, 2]> y = transpose(perm = q, x = z)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3, 4]> x) {
    ///     tensor<int32, [3]> y_perm_0 = const()[name = string("y_perm_0"), val = tensor<int32, [3]>([1, 2, 0])];
    ///     tensor<fp32, [3, 4, 2]> y = transpose(perm = y_perm_0, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeConsecutiveTransposes;
    id: "merge_consecutive_transposes",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_consecutive_transposes")],
    patterns: [
        /// `transpose`, then `transpose`
        pair(transpose),
    ],
}

fn pair(rw: &mut Rewrite<'_>, second: OpId) -> Matched {
    let first = rw.producer(second, "x", &["transpose"])?;
    rw.used_only_by(first, second)?;
    let (inner, outer) = (rw.call(first)?.order("perm")?, rw.call(second)?.order("perm")?);
    No::unless(inner.len() == outer.len(), "the permutations have different ranks")?;
    let merged: Vec<i32> = outer.iter().map(|&axis| inner[axis] as i32).collect();
    let new = rw.like(second)?.set("x", rw.input(first, "x")?).set("perm", Tensor::ints(&merged));
    rw.replace(second, new, &[first])
}
