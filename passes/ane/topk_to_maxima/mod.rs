use half::f16;
use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Takes maxima one after the other where only the values of a small `topk` are used.
    ///
    /// Each round finds the largest of what is left, counts how many elements are at least as large, and takes
    /// them all away; so equal elements count as often as they occur. At most 4 values of an axis of known
    /// size, of at most 2048 elements, which fp16 can count. Nothing may use the places.
    /// Minus infinity among the largest comes out as the least finite number.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp16, [1, 4]> x) {
    ///     tensor<fp16, [1, 2]> v, tensor<int32, [1, 2]> i = topk(ascending = bool(false), axis = int32(1), k = int32(2), output_indices_dtype = string("int32"), return_indices = bool(true), sort = bool(true), x = x)[name = string("v")];
    ///     tensor<fp16, [1, 2]> y = relu(x = v)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp16, [1, 4]> x) {
    ///     tensor<int32, [1]> v_axes_0 = const()[name = string("v_axes_0"), val = tensor<int32, [1]>([1])];
    ///     bool v_keep_dims_0 = const()[name = string("v_keep_dims_0"), val = bool(true)];
    ///     tensor<fp16, [1, 1]> v_best = reduce_max(axes = v_axes_0, keep_dims = v_keep_dims_0, x = x)[name = string("v_best")];
    ///     tensor<bool, [1, 4]> v_taken = greater_equal(x = x, y = v_best)[name = string("v_taken")];
    ///     string v_dtype_0 = const()[name = string("v_dtype_0"), val = string("fp16")];
    ///     tensor<fp16, [1, 4]> v_marks = cast(dtype = v_dtype_0, x = v_taken)[name = string("v_marks")];
    ///     tensor<int32, [1]> v_axes_1 = const()[name = string("v_axes_1"), val = tensor<int32, [1]>([1])];
    ///     bool v_keep_dims_1 = const()[name = string("v_keep_dims_1"), val = bool(true)];
    ///     tensor<fp16, [1, 1]> v_count = reduce_sum(axes = v_axes_1, keep_dims = v_keep_dims_1, x = v_marks)[name = string("v_count")];
    ///     fp16 v_a_0 = const()[name = string("v_a_0"), val = fp16(-0x1.ffcp+15)];
    ///     tensor<fp16, [1, 4]> v_left = select(a = v_a_0, b = x, cond = v_taken)[name = string("v_left")];
    ///     tensor<int32, [1]> v_axes_2 = const()[name = string("v_axes_2"), val = tensor<int32, [1]>([1])];
    ///     bool v_keep_dims_2 = const()[name = string("v_keep_dims_2"), val = bool(true)];
    ///     tensor<fp16, [1, 1]> v_best_0 = reduce_max(axes = v_axes_2, keep_dims = v_keep_dims_2, x = v_left)[name = string("v_best")];
    ///     fp16 v_y_0 = const()[name = string("v_y_0"), val = fp16(0x1.8p+0)];
    ///     tensor<bool, [1, 1]> v_enough = greater(x = v_count, y = v_y_0)[name = string("v_enough")];
    ///     tensor<fp16, [1, 1]> v_value = select(a = v_best, b = v_best_0, cond = v_enough)[name = string("v_value")];
    ///     int32 v_axis_0 = const()[name = string("v_axis_0"), val = int32(1)];
    ///     bool v_interleave_0 = const()[name = string("v_interleave_0"), val = bool(false)];
    ///     tensor<fp16, [1, 2]> v_values = concat(axis = v_axis_0, interleave = v_interleave_0, values = (v_best, v_value))[name = string("v_values")];
    ///     tensor<fp16, [1, 2]> y = relu(x = v_values)[name = string("y")];
    /// } -> (y);
    /// ```
    pub struct TopkToMaxima;
    id: "topk_to_maxima",
    numerics: Rounding,
    patterns: [
        /// `topk` of which nothing uses the places
        values(topk),
    ],
}

/// Rounds that are still cheaper than two switches.
const MOST: i64 = 4;
/// fp16 counts so far.
const LONGEST: usize = 2048;

fn values(rw: &mut Rewrite<'_>, topk: OpId) -> Matched {
    let x = rw.input(topk, "x")?;
    let results = rw.graph().op(topk).results().to_vec();
    let values = *results.first().ok_or(No::miss("the op has no result"))?;
    let places_unused = results[1..].iter().all(|&places| rw.graph().is_unused(places));
    No::unless(places_unused, "the places are used, too")?;
    No::unless(!rw.graph().is_block_output(values), "the values are an output")?;
    let dtype = rw.dtype(x)?;
    let shape = rw.shape(x)?;
    let call = rw.call(topk)?;
    let axis = call.axis("axis", shape.len())?;
    let (count, smallest) = (call.int("k")?, call.bool("ascending")?);
    No::unless((1..=MOST).contains(&count), "it takes more than four values")?;
    No::unless(shape[axis] <= LONGEST, "the axis is too long to count in fp16")?;
    // What stands in for elements that were taken away: the last finite number.
    let last = if dtype == DType::Fp16 { f64::from(f16::MAX.to_f32()) } else { f64::from(f32::MAX) };
    let gone = number(dtype, if smallest { last } else { -last })?;
    let (best, reaches) =
        if smallest { ("reduce_min", "less_equal") } else { ("reduce_max", "greater_equal") };
    let mut steps = Steps::new(rw, topk);
    // Distinct values from the best on, and how many elements are as good as each or better.
    let mut levels = vec![steps.reduce("best", best, x, &[axis])?];
    let mut counts = Vec::new();
    for _ in 1..count {
        let level = levels[levels.len() - 1];
        let taken = steps.binary("taken", reaches, x, level)?;
        let marks = steps.cast("marks", taken, dtype)?;
        counts.push(steps.reduce("count", "reduce_sum", marks, &[axis])?);
        let select = NewOp::new("select").with("cond", taken).with("a", gone.clone()).with("b", x);
        let left = steps.emit("left", select)?;
        levels.push(steps.reduce("best", best, left, &[axis])?);
    }
    let mut found: Vec<Operand> = vec![levels[0].into()];
    for place in 1..levels.len() {
        // The last level that can be meant, then those before it wherever they reach this place already.
        let mut value = levels[place];
        for level in (0..place).rev() {
            let wanted = number(dtype, place as f64 + 0.5)?;
            let enough = steps.binary("enough", "greater", counts[level], wanted)?;
            let select = NewOp::new("select").with("cond", enough).with("a", levels[level]).with("b", value);
            value = steps.emit("value", select)?;
        }
        found.push(value.into());
    }
    let new = steps.concat("values", found, axis)?;
    rw.graph_mut().replace_uses(values, new);
    rw.erase_unused(&[topk]);
    Ok(())
}
