use half::f16;
use mil_ir::{NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::DType;

use crate::ane::{Steps, number};

pass! {
    /// Takes maxima one after the other where only the values of a small `topk` are used.
    ///
    /// Each round finds the largest of what is left, counts how many elements are at least as large, and takes
    /// them all away; so equal elements count as often as they occur. At most 4 values are used, all or as slices take them, of an axis of known
    /// size, of at most 2048 elements, which fp16 can count. Nothing may use the places.
    /// What is infinitely small comes out as the least finite number.
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
const MOST: usize = 4;
/// fp16 counts so far.
const LONGEST: usize = 2048;

fn values(rw: &mut Rewrite<'_>, topk: OpId) -> Matched {
    let x = rw.input(topk, "x")?;
    let results = rw.graph().op(topk).results().to_vec();
    let values = *results.first().ok_or(No::miss("the op has no result"))?;
    let places_unused = results[1..].iter().all(|&places| rw.graph().is_unused(places));
    No::unless(places_unused, "the places are used, too")?;
    No::unless(!rw.graph().is_block_output(values), "the values are an output")?;
    let shape = rw.shape(x)?;
    let call = rw.call(topk)?;
    let axis = call.axis("axis", shape.len())?;
    let smallest = call.bool("ascending")?;
    No::unless(shape[axis] <= LONGEST, "the axis is too long to count in fp16")?;
    let parts = parts(rw, values, axis);
    let count = match &parts {
        Some(parts) => parts.iter().map(|part| part.end).max().unwrap_or(0),
        None => rw.size(values, axis)?,
    };
    No::unless((1..=MOST).contains(&count), "it takes more than four values")?;
    let mut steps = Steps::new(rw, topk);
    let found = best(&mut steps, x, axis, count, smallest)?;
    match parts {
        Some(parts) => {
            for part in parts {
                let picked = found[part.begin..part.end].iter().map(|&value| value.into()).collect();
                let new = Steps::new(rw, topk).concat("values", picked, axis)?;
                rw.replace_with_new(part.op, &[new], &[])?;
            }
        }
        None => {
            let all = found.into_iter().map(Operand::Value).collect();
            let new = steps.concat("values", all, axis)?;
            rw.graph_mut().replace_uses(values, new);
        }
    }
    rw.erase_unused(&[topk]);
    Ok(())
}

/// A `slice_by_index` of the values, which are sorted.
struct Part {
    op: OpId,
    begin: usize,
    end: usize,
}

/// What is sliced of the values along the axis, if nothing else is done with them; `None`: something is.
fn parts(rw: &Rewrite<'_>, values: ValueId, axis: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for op in rw.graph().users(values) {
        if !rw.is(op, &["slice_by_index"]) || rw.known(op).is_err() {
            return None;
        }
        let (call, shape) = (rw.call(op).ok()?, rw.shape(values).ok()?);
        let flags = |param: &str| match call.is_given(param) {
            true => call.bools(param),
            false => Ok(vec![false; shape.len()]),
        };
        let plain = !call.is_given("stride") || call.ints("stride").ok()?.iter().all(|&step| step == 1);
        let squeezes = flags("squeeze_mask").ok()?.contains(&true);
        let (begins, ends) = (call.ints("begin").ok()?, call.ints("end").ok()?);
        let (from_start, to_end) = (flags("begin_mask").ok()?, flags("end_mask").ok()?);
        let bound = |value: i64, size: usize| match value {
            value if value < 0 => usize::try_from(value + size as i64).ok(),
            value => usize::try_from(value).ok().map(|value| value.min(size)),
        };
        let range = |axis: usize| {
            let size = shape[axis];
            let begin = if *from_start.get(axis)? { 0 } else { bound(*begins.get(axis)?, size)? };
            let end = if *to_end.get(axis)? { size } else { bound(*ends.get(axis)?, size)? };
            Some((begin, end))
        };
        let whole = (0..shape.len()).filter(|&other| other != axis);
        let whole = whole.map(|axis| range(axis).map(|range| range == (0, shape[axis])));
        let (begin, end) = range(axis)?;
        if !plain || squeezes || begin >= end || !whole.into_iter().all(|whole| whole == Some(true)) {
            return None;
        }
        if rw.graph().op(op).block() != rw.graph().op(rw.graph().definition(values)?).block() {
            return None;
        }
        parts.push(Part { op, begin, end });
    }
    Some(parts).filter(|parts| !parts.is_empty())
}

/// The largest elements along an axis, or the smallest, the best first.
fn best(
    steps: &mut Steps<'_, '_>,
    x: ValueId,
    axis: usize,
    count: usize,
    smallest: bool,
) -> Result<Vec<ValueId>, No> {
    let dtype = steps.rw.dtype(x)?;
    // What stands in for elements that were taken away: the last finite number.
    let last = if dtype == DType::Fp16 { f64::from(f16::MAX.to_f32()) } else { f64::from(f32::MAX) };
    let gone = number(dtype, if smallest { last } else { -last })?;
    let (best, reaches) =
        if smallest { ("reduce_min", "less_equal") } else { ("reduce_max", "greater_equal") };
    // Distinct values from the best on, and how many elements are as good as each or better.
    let mut levels = vec![steps.reduce("best", best, x, &[axis])?];
    let mut counts = Vec::new();
    for _ in 1..count {
        let taken = steps.binary("taken", reaches, x, levels[levels.len() - 1])?;
        let marks = steps.cast("marks", taken, dtype)?;
        counts.push(steps.reduce("count", "reduce_sum", marks, &[axis])?);
        let select = NewOp::new("select").with("cond", taken).with("a", gone.clone()).with("b", x);
        let left = steps.emit("left", select)?;
        levels.push(steps.reduce("best", best, left, &[axis])?);
    }
    let mut found = vec![levels[0]];
    for place in 1..levels.len() {
        // The last level that can be meant, then those before it wherever they reach this place already.
        let mut value = levels[place];
        for level in (0..place).rev() {
            let wanted = number(dtype, place as f64 + 0.5)?;
            let enough = steps.binary("enough", "greater", counts[level], wanted)?;
            let select = NewOp::new("select").with("cond", enough).with("a", levels[level]).with("b", value);
            value = steps.emit("value", select)?;
        }
        found.push(value);
    }
    Ok(found)
}
