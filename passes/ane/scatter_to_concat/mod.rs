mod places;

use mil_ir::{LiteralData, NewOp, OpId, Operand, ValueId};
use mil_pass::{Matched, No, Rewrite, pass};
use mil_tensor::Tensor;
use places::Places;

use crate::ane::{Steps, sizes, whole};

pass! {
    /// Puts a value together of slices where a `scatter` writes at constant places.
    ///
    /// The places are rows along axes: a box, or any rows of one axis. What is written stands between slices of
    /// what was there, or a `gather` at constant indices picks from both. A scatter into a value that was
    /// flattened is one into its axes. With another mode than `update`, what is written is computed from what
    /// was there, and no place may come twice.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [4]> x, tensor<fp32, [2]> u) {
    ///     tensor<fp32, [4]> y = scatter(axis = int32(0), data = x, indices = tensor<int32, [2]>([1, 2]), mode = string("update"), updates = u, validate_indices = bool(false))[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [4]> x, tensor<fp32, [2]> u) {
    ///     tensor<int32, [1]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [1]>([0])];
    ///     tensor<int32, [1]> y_end_0 = const()[name = string("y_end_0"), val = tensor<int32, [1]>([1])];
    ///     tensor<fp32, [1]> y_before = slice_by_index(begin = y_begin_0, end = y_end_0, x = x)[name = string("y_before")];
    ///     tensor<int32, [1]> y_begin_1 = const()[name = string("y_begin_1"), val = tensor<int32, [1]>([3])];
    ///     tensor<int32, [1]> y_end_1 = const()[name = string("y_end_1"), val = tensor<int32, [1]>([4])];
    ///     tensor<fp32, [1]> y_behind = slice_by_index(begin = y_begin_1, end = y_end_1, x = x)[name = string("y_behind")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(0)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp32, [4]> y = concat(axis = y_axis_0, interleave = y_interleave_0, values = (y_before, u, y_behind))[name = string("y_written")];
    /// } -> (y);
    /// ```
    pub struct ScatterToConcat;
    id: "scatter_to_concat",
    numerics: Exact,
    patterns: [
        /// `scatter` of rows at constant indices
        rows(scatter),
        /// `scatter_nd` at constant indices
        points(scatter_nd),
        /// `scatter_along_axis` at indices that are the same along the other axes
        along(scatter_along_axis),
    ],
}

fn rows(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let indices = rw.constant(op, "indices")?;
    No::unless(indices.rank() == 1, "the indices do not have one axis")?;
    let shape = data_shape(rw, op)?;
    let axis = rw.call(op)?.axis("axis", shape.len())?;
    written(rw, op, &shape, Places::rows(&indices.to_i64s()?, axis, &shape)?)
}

fn points(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let indices = rw.constant(op, "indices")?;
    let shape = data_shape(rw, op)?;
    written(rw, op, &shape, Places::points(&indices, &shape)?)
}

fn along(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let indices = rw.constant(op, "indices")?;
    let shape = data_shape(rw, op)?;
    let axis = rw.call(op)?.axis("axis", shape.len())?;
    written(rw, op, &shape, Places::along(&indices, axis, &shape)?)
}

fn data_shape(rw: &Rewrite<'_>, op: OpId) -> Result<Vec<usize>, No> {
    let ty = rw.graph().param_type(op, "data").ok_or(No::miss("data is not given"))?;
    ty.fixed_shape().ok_or(No::miss("a shape is not static"))
}

/// Puts the written value in the place of the op.
fn written(rw: &mut Rewrite<'_>, op: OpId, shape: &[usize], places: Places) -> Matched {
    let mode = rw.call(op)?.string("mode")?.to_owned();
    let kind = match mode.as_str() {
        "update" => None,
        "add" | "sub" | "mul" => Some(mode.as_str()),
        "div" => Some("real_div"),
        "max" => Some("maximum"),
        "min" => Some("minimum"),
        _ => return Err(No::miss("the mode is not known")),
    };
    No::unless(kind.is_none() || !places.repeats(), "a place comes twice")?;
    let data = rw.graph().operand(op, "data").cloned().ok_or(No::miss("data is not given"))?;
    let updates = rw.graph().operand(op, "updates").cloned().ok_or(No::miss("updates is not given"))?;
    // A flat view is written to along the axes that it was made of.
    let view = rw.producer(op, "data", &["reshape"]).ok().filter(|_| shape.len() == 1);
    let (data, places, gone) = match view.map(|view| (view, rw.input(view, "x"))) {
        Some((view, Ok(x))) => match rw.shape(x).ok().and_then(|inner| places.unflattened(&inner)) {
            Some(unflattened) => (x.into(), unflattened, vec![view]),
            None => (data, places, vec![]),
        },
        _ => (data, places, vec![]),
    };
    let rows = places.rows_of_axes()?;
    let written_shape: Vec<usize> = rows.iter().map(Vec::len).collect();
    let updates_fit = rw.graph().operand_type(&updates).fixed_shape();
    let same = updates_fit
        .is_some_and(|shape| shape.iter().product::<usize>() == written_shape.iter().product::<usize>());
    No::unless(same, "the updates have another size than what is written")?;
    let whole_shape = places.shape().to_vec();
    let mut steps = Steps::new(rw, op);
    let data = spelled(&mut steps, "data", data, &whole_shape)?;
    let updates = spelled(&mut steps, "updates", updates, &written_shape)?;
    let value = put(&mut steps, data, updates, &rows, kind)?;
    let value = steps.reshape("flat", value, shape)?;
    steps.finish(value, &gone)
}

/// An operand in a shape: a constant is reshaped as such.
fn spelled(steps: &mut Steps<'_, '_>, name: &str, operand: Operand, shape: &[usize]) -> Result<ValueId, No> {
    if let Some(literal) = steps.rw.graph().literal(&operand)
        && let LiteralData::Tensor(tensor) = &literal.data
    {
        let tensor = tensor.reshaped(shape)?;
        let (label, op) = (format!("{}_{name}_0", steps.label), steps.op);
        return Ok(steps.rw.tensor(&label, tensor, op));
    }
    match operand {
        Operand::Value(value) => steps.reshape(name, value, shape),
        _ => Err(No::miss("an operand is not a value")),
    }
}

/// `updates` written into `data` at rows of its axes.
fn put(
    steps: &mut Steps<'_, '_>,
    x: ValueId,
    mut new: ValueId,
    rows: &[Vec<usize>],
    kind: Option<&str>,
) -> Result<ValueId, No> {
    let shape = steps.rw.shape(x)?;
    let is_partial = |axis: &usize| !rows[*axis].iter().copied().eq(0..shape[*axis]);
    let Some(axis) = (0..shape.len()).find(is_partial) else {
        return Ok(match kind {
            Some(kind) => steps.binary("joined", kind, x, new)?,
            None => new,
        });
    };
    let (first, count) = (rows[axis][0], rows[axis].len());
    let contiguous = rows[axis].iter().copied().eq(first..first + count);
    let last_partial = (axis + 1..shape.len()).find(is_partial).is_none();
    if !last_partial || kind.is_some() {
        // What was there in these rows, with the rest written into it.
        let part = if contiguous {
            steps.slice("part", x, axis, first, first + count)?
        } else {
            pick(steps, "part", x, &rows[axis], axis)?
        };
        let mut inner = rows.to_vec();
        inner[axis] = (0..count).collect();
        new = put(steps, part, new, &inner, kind)?;
    }
    if contiguous {
        let mut parts = Vec::new();
        if first > 0 {
            parts.push(steps.slice("before", x, axis, 0, first)?.into());
        }
        parts.push(new.into());
        if first + count < shape[axis] {
            parts.push(steps.slice("behind", x, axis, first + count, shape[axis])?.into());
        }
        return steps.concat("written", parts, axis);
    }
    // Each row from where it was written last, else from what was there.
    let mut from: Vec<usize> = (0..shape[axis]).collect();
    rows[axis].iter().enumerate().for_each(|(at, &row)| from[row] = shape[axis] + at);
    let complete = from.iter().all(|&row| row >= shape[axis]);
    let (source, from) = if complete {
        (new, from.iter().map(|row| row - shape[axis]).collect())
    } else {
        (steps.concat("both", vec![x.into(), new.into()], axis)?, from)
    };
    pick(steps, "written", source, &from, axis)
}

/// Rows of an axis, in this order.
fn pick(
    steps: &mut Steps<'_, '_>,
    name: &str,
    x: ValueId,
    rows: &[usize],
    axis: usize,
) -> Result<ValueId, No> {
    let indices: Tensor = sizes(rows);
    steps.emit(name, NewOp::new("gather").with("x", x).with("indices", indices).with("axis", whole(axis)))
}
