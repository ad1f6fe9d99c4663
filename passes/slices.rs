//! What a `slice_by_index` takes.

use mil_ir::OpId;
use mil_pass::{No, Rewrite};

/// Begin, end and stride of a `slice_by_index` along each axis, all from the front; an axis that falls away
/// has one element.
pub(crate) fn bounds(rw: &Rewrite<'_>, op: OpId) -> Result<Vec<(usize, usize, usize)>, No> {
    let call = rw.call(op)?;
    let shape = rw.shape(rw.input(op, "x")?)?;
    let mask = |param: &str| -> Result<Vec<bool>, No> {
        if call.is_given(param) { Ok(call.bools(param)?) } else { Ok(vec![false; shape.len()]) }
    };
    let (open, until_end, single) = (mask("begin_mask")?, mask("end_mask")?, mask("squeeze_mask")?);
    let (begin, end) = (call.ints("begin")?, call.ints("end")?);
    let stride = if call.is_given("stride") { call.ints("stride")? } else { vec![1; shape.len()] };
    let lengths = [begin.len(), end.len(), stride.len(), open.len(), until_end.len(), single.len()];
    No::unless(lengths.iter().all(|&length| length == shape.len()), "the slice does not fit the axes")?;
    let mut bounds = Vec::new();
    for (axis, &size) in shape.iter().enumerate() {
        let most = i64::try_from(size).unwrap_or(i64::MAX);
        let from_front = |index: i64| if index < 0 { index + most } else { index }.clamp(0, most);
        let first = if open[axis] { 0 } else { from_front(begin[axis]) };
        let (last, step) = match (single[axis], until_end[axis]) {
            (true, _) => (first + 1, 1),
            (false, true) => (most, stride[axis]),
            (false, false) => (from_front(end[axis]), stride[axis]),
        };
        No::unless(step >= 1, "it goes backwards")?;
        No::unless(first < last && last <= most, "the slice is empty")?;
        let [first, last, step] = [first, last, step].map(|number| usize::try_from(number).unwrap_or(0));
        bounds.push((first, last, step));
    }
    Ok(bounds)
}
