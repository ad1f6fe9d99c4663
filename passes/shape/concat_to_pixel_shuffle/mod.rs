use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Alias, Match, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Makes a `concat` and a `pixel_shuffle` of concats that interleave rows, then columns.
    ///
    /// Two pairs of tensors of rank 4 and of one static shape are interleaved along axis 2, and the two
    /// results along axis 3. The values between must have no other use.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> a, tensor<fp32, [1, 1, 2, 2]> b, tensor<fp32, [1, 1, 2, 2]> c, tensor<fp32, [1, 1, 2, 2]> d) {
    ///     int32 rows = const()[name = string("rows"), val = int32(2)];
    ///     int32 columns = const()[name = string("columns"), val = int32(3)];
    ///     bool yes = const()[name = string("yes"), val = bool(true)];
    ///     tensor<fp32, [1, 1, 4, 2]> ab = concat(axis = rows, interleave = yes, values = (a, b))[name = string("ab")];
    ///     tensor<fp32, [1, 1, 4, 2]> cd = concat(axis = rows, interleave = yes, values = (c, d))[name = string("cd")];
    ///     tensor<fp32, [1, 1, 4, 4]> y = concat(axis = columns, interleave = yes, values = (ab, cd))[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [1, 1, 2, 2]> a, tensor<fp32, [1, 1, 2, 2]> b, tensor<fp32, [1, 1, 2, 2]> c, tensor<fp32, [1, 1, 2, 2]> d) {
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(1)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(true)];
    ///     tensor<fp32, [1, 4, 2, 2]> y_channels = concat(axis = y_axis_0, interleave = y_interleave_0, values = (a, c, b, d))[name = string("y_channels")];
    ///     int32 y_upscale_factor_0 = const()[name = string("y_upscale_factor_0"), val = int32(2)];
    ///     tensor<fp32, [1, 1, 4, 4]> y = pixel_shuffle(upscale_factor = y_upscale_factor_0, x = y_channels)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct ConcatToPixelShuffle;
    id: "concat_to_pixel_shuffle",
    numerics: Exact,
    aliases: [Alias::plain("common::concat_to_pixel_shuffle")],
    patterns: [
        /// Two `concat` along axis 2, then one along axis 3, all interleaved
        nested(concat),
    ],
}

fn nested(rw: &mut Rewrite<'_>, columns: OpId) -> Matched {
    let [left, right] = pair(rw, columns, 3)?;
    let mut m = Match::ending(columns);
    let mut inner = |operand: Operand| {
        let value = operand.value().ok_or(No::miss("a tensor is a literal"))?;
        pair(rw, m.definition(rw, value, &["concat"])?, 2)
    };
    let ([a, b], [c, d]) = (inner(left)?, inner(right)?);
    m.closed(rw)?;
    // Channels are read as rows, then columns, of a block.
    let values = [a, c, b, d];
    let shape = rw.graph().operand_type(&values[0]).fixed_shape().ok_or(No::miss("a shape is not static"))?;
    let alike =
        values.iter().all(|value| rw.graph().operand_type(value).fixed_shape().as_ref() == Some(&shape));
    No::unless(shape.len() == 4 && alike, "the tensors have not one shape of rank 4")?;
    let label = rw.graph().label(columns).clone();
    let concat = NewOp::new("concat").named(format!("{label}_channels")).with_all("values", values);
    let concat = concat.with("axis", Tensor::scalar(1)).with("interleave", Tensor::bool(true));
    // `pixel_shuffle` takes fewer element types than `concat`.
    let float = rw.dtype(rw.result(columns)?)?.is_float();
    No::unless(float, "pixel_shuffle takes floats only")?;
    let channels = rw.emit_one(concat, columns)?;
    let new = NewOp::new("pixel_shuffle").with("x", channels).with("upscale_factor", Tensor::scalar(2));
    m.replace(rw, new)
}

/// The two operands of an interleaved `concat` along this axis.
fn pair(rw: &Rewrite<'_>, concat: OpId, axis: usize) -> Result<[Operand; 2], No> {
    let call = rw.call(concat)?;
    No::unless(call.bool("interleave")?, "the tensors are not interleaved")?;
    let rank = rw.rank(rw.result(concat)?)?;
    No::unless(rank == 4 && call.axis("axis", rank)? == axis, "the axis or the rank is another")?;
    match call.operands("values") {
        [first, second] => Ok([first.clone(), second.clone()]),
        _ => Err(No::miss("there are not two tensors")),
    }
}
