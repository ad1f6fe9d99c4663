use mil_ir::{NewOp, OpId, Operand};
use mil_pass::{Matched, No, Rewrite, pass};

use crate::ane::{Steps, sizes};

pass! {
    /// Takes sliding windows as slices of blocks that stand beside each other.
    ///
    /// The axis is cut into blocks of the greatest number that divides both the size of a window and the step
    /// from one to the next. A window is a few blocks in a row; the first blocks of all windows are one slice,
    /// the second ones another, and so on. Sizes are known, a window has at most 32 blocks, and nothing has more
    /// than five axes.
    ///
    /// # Before
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 9]> x) {
    ///     tensor<fp32, [2, 3, 4]> y = sliding_windows(axis = int32(1), size = int32(4), stride = int32(2), x = x)[name = string("y")];
    /// } -> (y);
    /// ```
    /// # After
    /// ```mil
    /// func main<ios17>(tensor<fp32, [2, 9]> x) {
    ///     tensor<int32, [2]> y_begin_0 = const()[name = string("y_begin_0"), val = tensor<int32, [2]>([0, 0])];
    ///     tensor<int32, [2]> y_end_0 = const()[name = string("y_end_0"), val = tensor<int32, [2]>([2, 8])];
    ///     tensor<fp32, [2, 8]> y_used = slice_by_index(begin = y_begin_0, end = y_end_0, x = x)[name = string("y_used")];
    ///     tensor<int32, [3]> y_shape_0 = const()[name = string("y_shape_0"), val = tensor<int32, [3]>([2, 4, 2])];
    ///     tensor<fp32, [2, 4, 2]> y_blocks = reshape(shape = y_shape_0, x = y_used)[name = string("y_blocks")];
    ///     tensor<int32, [3]> y_begin_1 = const()[name = string("y_begin_1"), val = tensor<int32, [3]>([0, 0, 0])];
    ///     tensor<int32, [3]> y_end_1 = const()[name = string("y_end_1"), val = tensor<int32, [3]>([2, 3, 2])];
    ///     tensor<int32, [3]> y_stride_0 = const()[name = string("y_stride_0"), val = tensor<int32, [3]>([1, 1, 1])];
    ///     tensor<fp32, [2, 3, 2]> y_part = slice_by_index(begin = y_begin_1, end = y_end_1, stride = y_stride_0, x = y_blocks)[name = string("y_part")];
    ///     tensor<int32, [3]> y_begin_2 = const()[name = string("y_begin_2"), val = tensor<int32, [3]>([0, 1, 0])];
    ///     tensor<int32, [3]> y_end_2 = const()[name = string("y_end_2"), val = tensor<int32, [3]>([2, 4, 2])];
    ///     tensor<int32, [3]> y_stride_1 = const()[name = string("y_stride_1"), val = tensor<int32, [3]>([1, 1, 1])];
    ///     tensor<fp32, [2, 3, 2]> y_part_0 = slice_by_index(begin = y_begin_2, end = y_end_2, stride = y_stride_1, x = y_blocks)[name = string("y_part")];
    ///     int32 y_axis_0 = const()[name = string("y_axis_0"), val = int32(2)];
    ///     bool y_interleave_0 = const()[name = string("y_interleave_0"), val = bool(false)];
    ///     tensor<fp32, [2, 3, 4]> y = concat(axis = y_axis_0, interleave = y_interleave_0, values = (y_part, y_part_0))[name = string("y_windows")];
    /// } -> (y);
    /// ```
    pub struct WindowsToSlices;
    id: "windows_to_slices",
    numerics: Exact,
    patterns: [
        /// `sliding_windows`
        windows(sliding_windows),
    ],
}

/// Slices that are still cheaper than two switches.
const MOST: usize = 32;
/// The most axes that the Neural Engine takes.
const AXES: usize = 5;

fn windows(rw: &mut Rewrite<'_>, op: OpId) -> Matched {
    let x = rw.input(op, "x")?;
    let (shape, result) = (rw.shape(x)?, rw.shape(rw.result(op)?)?);
    let call = rw.call(op)?;
    let axis = call.axis("axis", shape.len())?;
    let positive = |value: i64| usize::try_from(value).ok().filter(|&value| value > 0);
    let (size, step) = (positive(call.int("size")?), positive(call.int("stride")?));
    let (size, step) = size.zip(step).ok_or(No::miss("the size or the step is not positive"))?;
    let count = result[axis];
    No::unless(result.len() <= AXES, "the windows have more than five axes")?;
    let block = divisor(size, step);
    No::unless(size / block <= MOST, "a window has too many blocks")?;
    // Where the last window ends; what is behind it is in none.
    let used = count.checked_sub(1).map(|last| last * step + size).filter(|&used| used <= shape[axis]);
    let used = used.ok_or(No::miss("there is no window"))?;
    let mut blocks = shape.clone();
    blocks.splice(axis..=axis, [used / block, block]);
    let mut steps = Steps::new(rw, op);
    let x = steps.slice("used", x, axis, 0, used)?;
    let x = steps.reshape("blocks", x, &blocks)?;
    let mut parts: Vec<Operand> = Vec::new();
    for place in 0..size / block {
        let (mut begin, mut end, mut stride) = (vec![0; blocks.len()], blocks.clone(), vec![1; blocks.len()]);
        begin[axis] = place;
        end[axis] = place + (count - 1) * (step / block) + 1;
        stride[axis] = step / block;
        if block == size && step == size {
            parts.push(x.into());
            break;
        }
        let slice = NewOp::new("slice_by_index").with("x", x).with("begin", sizes(&begin));
        let slice = slice.with("end", sizes(&end)).with("stride", sizes(&stride));
        parts.push(steps.emit("part", slice)?.into());
    }
    let value = steps.concat("windows", parts, axis + 1)?;
    steps.finish(value, &[])
}

/// The greatest common divisor.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}
