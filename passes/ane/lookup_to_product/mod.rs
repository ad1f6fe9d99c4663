use mil_ir::{NewOp, OpId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::marks::Marks;
use crate::ane::{Steps, to_the_end};

pass! {
    /// Multiplies a constant table with a one-hot of floats where the rows are those that an `argmax` found, or
    /// that floats of a known range were cast to.
    ///
    /// The one-hot marks the elements that equal the maximum, and of several the first, as `reduce_argmax`
    /// does. Between the two ops indices may be cast, reshaped, or counted from the end where they are
    /// negative, which they are not. Integers that are computed of fp16 are marked where they equal the number
    /// of a row; NaN, of which a cast makes some integer, marks none. There are at most 2048 rows, which fp16
    /// can count.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<int32, [2]> i = reduce_argmax(axis = int32(1), keep_dims = bool(false), output_dtype = string("int32"), x = x)[name = string("i")];
    ///     tensor<fp32, [2, 2]> y = gather(axis = int32(0), batch_dims = int32(0), indices = i, validate_indices = bool(false), x = tensor<fp32, [3, 2]>([[0x1p+0, 0x1p+1], [0x1p+2, 0x1p+3], [0x1p+4, 0x1p+5]]))[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 3]> x) {
    ///     tensor<int32, [1]> y_axes_0 = const()[name = string("y_axes_0"), val = tensor<int32, [1]>([1])];
    ///     bool y_keep_dims_0 = const()[name = string("y_keep_dims_0"), val = bool(true)];
    ///     tensor<fp32, [2, 1]> y_best = reduce_max(axes = y_axes_0, keep_dims = y_keep_dims_0, x = x)[name = string("y_best")];
    ///     tensor<bool, [2, 3]> y_is_best = equal(x = x, y = y_best)[name = string("y_is_best")];
    ///     string y_dtype_0 = const()[name = string("y_dtype_0"), val = string("fp32")];
    ///     tensor<fp32, [2, 3]> y_hits = cast(dtype = y_dtype_0, x = y_is_best)[name = string("y_hits")];
    ///     tensor<fp32, [3, 3]> y_weight_0 = const()[name = string("y_weight_0"), val = tensor<fp32, [3, 3]>([[0x1p+0, 0x0p+0, 0x0p+0], [-0x1p+0, 0x1p+0, 0x0p+0], [-0x1p+0, -0x1p+0, 0x1p+0]])];
    ///     tensor<fp32, [2, 3]> y_first = linear(weight = y_weight_0, x = y_hits)[name = string("y_first")];
    ///     tensor<fp32, [2, 3]> y_marks = relu(x = y_first)[name = string("y_marks")];
    ///     tensor<fp32, [2, 3]> y_weight_1 = const()[name = string("y_weight_1"), val = tensor<fp32, [2, 3]>([[0x1p+0, 0x1p+2, 0x1p+4], [0x1p+1, 0x1p+3, 0x1p+5]])];
    ///     tensor<fp32, [2, 2]> y = linear(weight = y_weight_1, x = y_marks)[name = string("y_rows")];
    /// } -> (y);
    /// ```
    pub struct LookupToProduct;
    id: "lookup_to_product",
    numerics: Rounding,
    patterns: [
        /// `gather` from a constant table at places of extremes, or at integers that fp16 holds
        rows(gather),
        /// `one_hot` of such, as floats
        marks(one_hot),
        /// `one_hot` of such, as integers that are cast to floats
        cast_marks(cast),
    ],
}

fn rows(rw: &mut Rewrite<'_>, gather: OpId) -> Matched {
    let table = rw.constant(gather, "x")?;
    let dtype = table.dtype();
    let call = rw.call(gather)?;
    let batch = if call.version().param("batch_dims").is_some() { call.int("batch_dims")? } else { 0 };
    let [count, ref row @ ..] = *table.shape() else { return Err(No::miss("the table is a scalar")) };
    No::unless(call.axis("axis", table.rank())? == 0 && batch == 0, "it does not gather rows")?;
    let marks = Marks::of(rw, rw.input(gather, "indices")?, count, dtype)?;
    let finite = table.all(f64::is_finite)?;
    No::unless(finite, "an element of the table is not finite")?;
    let shape = rw.shape(rw.result(gather)?)?;
    let width: usize = row.iter().product();
    No::unless(width > 0, "the rows are empty")?;
    let weight = table.reshaped(&[count, width])?.transposed(&[1, 0])?;
    let mut steps = Steps::new(rw, gather);
    let gone = marks.gone.clone();
    let marks = marks.emit(&mut steps, dtype)?;
    let found = steps.emit("rows", NewOp::new("linear").with("x", marks).with("weight", weight))?;
    let value = steps.reshape("shaped", found, &shape)?;
    steps.finish(value, &gone)
}

fn marks(rw: &mut Rewrite<'_>, one_hot: OpId) -> Matched {
    let dtype = rw.dtype(rw.result(one_hot)?)?;
    No::unless(dtype.is_float(), "the marks are not floats")?;
    put(rw, one_hot, one_hot, dtype)
}

fn cast_marks(rw: &mut Rewrite<'_>, cast: OpId) -> Matched {
    let one_hot = rw.producer(cast, "x", &["one_hot"])?;
    let dtype = rw.dtype(rw.result(cast)?)?;
    No::unless(dtype.is_float(), "the marks are not cast to floats")?;
    put(rw, one_hot, cast, dtype)
}

/// Puts marks of floats in the place of a `one_hot`, or of what is cast from it.
fn put(rw: &mut Rewrite<'_>, one_hot: OpId, op: OpId, dtype: DType) -> Matched {
    let call = rw.call(one_hot)?;
    let plain = rw.optional_constant(one_hot, "on_value")?.is_none_or(|on| on.item_f64() == Some(1.0))
        && rw.optional_constant(one_hot, "off_value")?.is_none_or(|off| off.item_f64() == Some(0.0));
    No::unless(plain, "the marks are not 1 and 0")?;
    let count = usize::try_from(call.int("one_hot_vector_size")?);
    let count = count.map_err(|_| No::miss("the number of marks is negative"))?;
    let marks = Marks::of(rw, rw.input(one_hot, "indices")?, count, dtype)?;
    let shape = rw.shape(rw.result(one_hot)?)?;
    let axis = call.axis("axis", shape.len())?;
    let (order, back) = to_the_end(shape.len(), axis);
    let ordered: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
    let mut steps = Steps::new(rw, op);
    let gone = [&[one_hot], &marks.gone[..]].concat();
    let marks = marks.emit(&mut steps, dtype)?;
    let shaped = steps.reshape("shaped", marks, &ordered)?;
    let value = steps.transpose("marked", shaped, &back)?;
    steps.finish(value, &gone)
}
