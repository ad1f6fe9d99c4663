use mil_ir::OpId;
use mil_pass::{Alias, Matched, No, Rewrite, pass};
use mil_tensor::Tensor;

pass! {
    /// Moves the elements of a compressed weight instead of the numbers that they stand for.
    ///
    /// A `transpose`, `reshape`, `expand_dims` or `squeeze` of a `constexpr_affine_dequantize` becomes one
    /// with moved data. With one scale for each slice along an axis, the axis moves along; a `reshape` is
    /// refused then, as is removing the axis. Data that another op holds too stay, since they would be stored
    /// twice.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 1]> x) {
    ///     tensor<fp32, [1, 2]> w = constexpr_affine_dequantize()[axis = int32(1), name = string("w"), quantized_data = tensor<int8, [1, 2]>([[1, -2]]), scale = fp32(0x1p-1), zero_point = int8(0)];
    ///     tensor<int32, [2]> perm = const()[name = string("perm"), val = tensor<int32, [2]>([1, 0])];
    ///     tensor<fp32, [2, 1]> t = transpose(perm = perm, x = w)[name = string("t")];
    ///     tensor<fp32, [2, 1]> y = add(x = x, y = t)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 1]> x) {
    ///     tensor<fp32, [2, 1]> t = constexpr_affine_dequantize()[axis = int32(0), name = string("t"), quantized_data = tensor<int8, [2, 1]>([[1], [-2]]), scale = fp32(0x1p-1), zero_point = int8(0)];
    ///     tensor<fp32, [2, 1]> y = add(x = x, y = t)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct MergeAffineDequantizeWithConsecutiveOps;
    id: "merge_affine_dequantize_with_consecutive_ops",
    numerics: Exact,
    aliases: [Alias::plain("common::merge_affine_dequantize_with_consecutive_ops")],
    patterns: [
        /// `constexpr_affine_dequantize`, then an op that moves elements
        moved(transpose | reshape | expand_dims | squeeze),
    ],
}

fn moved(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let weight = rw.producer(op, "x", &["constexpr_affine_dequantize"])?;
    rw.used_only_by(weight, op)?;
    let shared =
        rw.graph().input(weight, "quantized_data").is_some_and(|data| rw.graph().only_use(data).is_none());
    No::unless(!shared, "another op holds the data too")?;
    let data = rw.constant(weight, "quantized_data")?;
    let (scale, zero_point) = (rw.constant(weight, "scale")?, rw.constant(weight, "zero_point")?);
    let per_slice = scale.len() != 1 || zero_point.len() != 1;
    let shape = rw.shape(rw.result(op)?)?;
    let call = rw.call(op)?;
    let order = if rw.is(op, &["transpose"]) { Some(call.order("perm")?) } else { None };
    let axis = if per_slice {
        let old = rw.call(weight)?.axis("axis", data.rank())?;
        let new = match rw.graph().op(op).kind().as_str() {
            "transpose" => order.as_ref().and_then(|order| order.iter().position(|&axis| axis == old)),
            "expand_dims" => {
                let new = call.axes("axes", shape.len())?;
                (0..shape.len()).filter(|axis| !new.contains(axis)).nth(old)
            }
            "squeeze" if call.is_given("axes") => {
                let gone = call.axes("axes", data.rank())?;
                (!gone.contains(&old)).then(|| old - gone.iter().filter(|&&axis| axis < old).count())
            }
            _ => None,
        };
        new.ok_or(No::miss("the axis of the scales does not survive"))?
    } else {
        0
    };
    let data = match order {
        Some(order) => data.transposed(&order)?,
        None => data.reshaped(&shape)?,
    };
    let axis = Tensor::scalar(axis as i32);
    let mut new = rw.like(weight)?.without("quantized_data").attribute("quantized_data", data);
    if !per_slice {
        // A vector of one element would have to match the size of its axis.
        for (param, number) in [("scale", scale), ("zero_point", zero_point)] {
            new = new.without(param).attribute(param, number.reshaped(&[])?);
        }
    }
    rw.replace(op, new.without("axis").attribute("axis", axis), &[weight])
}
