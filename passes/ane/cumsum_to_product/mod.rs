use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

use crate::ane::{Steps, to_the_end};

pass! {
    /// Sums along an axis by a product with a triangle of ones.
    ///
    /// Where the axis is turned round before the `cumsum` and after it, the triangle is turned instead. The
    /// axis has a known size of at most 2048, beyond which the product costs more than it can save. An infinity,
    /// which a sum only meets from its place on, makes all sums along its axis NaN.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [1, 2]> y = cumsum(axis = int32(1), exclusive = bool(false), reverse = bool(false), x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 2]> x) {
    ///     tensor<fp32, [2, 2]> y_y_0 = const()[name = string("y_y_0"), val = tensor<fp32, [2, 2]>([[0x1p+0, 0x1p+0], [0x0p+0, 0x1p+0]])];
    ///     tensor<fp32, [1, 2]> y = matmul(x = x, y = y_y_0)[name = string("y_sums")];
    /// } -> (y);
    /// ```
    pub struct CumsumToProduct;
    id: "cumsum_to_product",
    numerics: Lossy { min_snr_db: 40.0 },
    patterns: [
        /// `cumsum`, between two `reverse` or alone
        triangle(cumsum),
    ],
}

/// The longest axis that is summed so.
const LONGEST: usize = 2048;

fn triangle(rw: &mut Rewrite<'_>, cumsum: OpId) -> Matched {
    let value = rw.result(cumsum)?;
    let (dtype, rank) = (rw.dtype(value)?, rw.rank(value)?);
    No::unless(dtype.is_float(), "the value is not of floats")?;
    No::unless(rank >= 2, "the value has a single axis")?;
    let call = rw.call(cumsum)?;
    let axis = call.axis("axis", rank)?;
    let (exclusive, mut from_behind) = (call.bool("exclusive")?, call.bool("reverse")?);
    let size = rw.size(value, axis)?;
    No::unless(size <= LONGEST, "the axis is too long")?;
    rw.shape(value)?;
    let (mut x, mut end, mut gone) = (rw.input(cumsum, "x")?, cumsum, Vec::new());
    if let Ok((before, after)) = turned(rw, cumsum, axis, rank) {
        from_behind = !from_behind;
        (x, end, gone) = (rw.input(before, "x")?, after, vec![cumsum, before]);
    }
    // Element `from` counts in sum `to`.
    let counts = |from: usize, to: usize| match (from_behind, exclusive) {
        (false, false) => from <= to,
        (false, true) => from < to,
        (true, false) => from >= to,
        (true, true) => from > to,
    };
    let on_the_left = axis + 2 == rank;
    let places = (0..size).flat_map(|row| (0..size).map(move |column| (row, column)));
    let ones =
        places.map(|(row, column)| if on_the_left { counts(column, row) } else { counts(row, column) });
    let ones: Vec<f64> = ones.map(|counts| f64::from(u8::from(counts))).collect();
    let ones = Tensor::from_f64s(dtype, &[size, size], &ones)?;
    if on_the_left {
        return rw.replace(end, NewOp::new("matmul").with("x", ones).with("y", x), &gone);
    }
    let (order, back) = to_the_end(rank, axis);
    let mut steps = Steps::new(rw, end);
    let last = steps.transpose("last", x, &order)?;
    let sums = steps.binary("sums", "matmul", last, ones)?;
    let value = steps.transpose("back", sums, &back)?;
    steps.finish(value, &gone)
}

/// The ops that turn this axis alone round before and after.
fn turned(rw: &Rewrite<'_>, cumsum: OpId, axis: usize, rank: usize) -> Result<(OpId, OpId), No> {
    let before = rw.producer(cumsum, "x", &["reverse"])?;
    rw.used_only_by(before, cumsum)?;
    let after = rw.only_user(cumsum)?;
    No::unless(rw.is(after, &["reverse"]), "no reverse follows")?;
    for reverse in [before, after] {
        let call = rw.call(reverse)?;
        let only = call.is_given("axes") && call.axes("axes", rank)? == [axis];
        No::unless(only, "other axes are turned")?;
    }
    Ok((before, after))
}
