use mil_ir::{NewOp, OpId};
use mil_pass::{Alias, Matched, No, Rewrite, Side, pass};
use mil_tensor::DType;

pass! {
    /// Makes a mean of a sum that is divided by the number of its terms.
    ///
    /// The quotient is a `real_div` by the number, or a `mul` by one over it, right to the precision of the
    /// element type. The reduced sizes must be known, the elements floats; the sum must have no other use. A sum of
    /// squares becomes the mean of the `square`: as many ops, and in fp16 a smaller number.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([1])];
    ///     bool keep = const()[name = string("keep"), val = bool(false)];
    ///     tensor<fp32, [2]> s = reduce_sum(axes = axes, keep_dims = keep, x = x)[name = string("s")];
    ///     fp32 c = const()[name = string("c"), val = fp32(4.0)];
    ///     tensor<fp32, [2]> y = real_div(x = s, y = c)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 4]> x) {
    ///     tensor<int32, [1]> axes = const()[name = string("axes"), val = tensor<int32, [1]>([1])];
    ///     bool keep = const()[name = string("keep"), val = bool(false)];
    ///     tensor<fp32, [2]> y = reduce_mean(axes = axes, keep_dims = keep, x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct FuseReduceMean;
    id: "fuse_reduce_mean",
    numerics: Rounding,
    aliases: [Alias::plain("common::fuse_reduce_mean")],
    patterns: [
        /// `reduce_sum`, then `mul` or `real_div` by a constant
        mean(mul | real_div),
        /// `reduce_sum_square`, then `mul` or `real_div` by a constant
        ours mean_of_squares(mul | real_div),
    ],
}

fn mean(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let sum = divided_by_count(rw, end, "reduce_sum")?;
    let mut new = rw.like(sum)?;
    new.kind = "reduce_mean".into();
    rw.replace(end, new, &[sum])
}

fn mean_of_squares(rw: &mut Rewrite<'_>, end: OpId) -> Matched {
    let sum = divided_by_count(rw, end, "reduce_sum_square")?;
    let x = rw.input(sum, "x")?;
    let label = format!("{}_square", rw.graph().label(end));
    let square = rw.emit_one(NewOp::new("square").named(label).with("x", x), end)?;
    let mut new = rw.like(sum)?.set("x", square);
    new.kind = "reduce_mean".into();
    rw.replace(end, new, &[sum])
}

/// The reduction whose result is divided by the number of its terms.
fn divided_by_count(rw: &Rewrite<'_>, end: OpId, kind: &str) -> Result<OpId, No> {
    let (sum, side) = rw.side_from(end, &[kind])?;
    let divides = rw.is(end, &["real_div"]);
    No::unless(!divides || side == Side::X, "the sum is the divisor")?;
    rw.used_only_by(sum, end)?;
    let x = rw.input(sum, "x")?;
    let float = matches!(rw.dtype(x)?, DType::Fp16 | DType::Fp32);
    No::unless(float, "integers are divided with truncation")?;
    let call = rw.call(sum)?;
    let rank = rw.rank(x)?;
    let axes = if call.is_given("axes") { call.axes("axes", rank)? } else { (0..rank).collect() };
    let mut count = 1.0;
    for axis in axes {
        count *= rw.size(x, axis)? as f64;
    }
    rw.beside(end, if divides { count } else { 1.0 / count })?;
    Ok(sum)
}
