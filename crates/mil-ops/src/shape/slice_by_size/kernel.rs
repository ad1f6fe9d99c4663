//! `size` elements from `begin` on, per axis. A size of -1 reaches to the end; a negative begin counts from
//! there.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let (begin, size) = (cx.ints("begin")?, cx.ints("size")?);
    ensure!(
        begin.len() == x.rank() && size.len() == x.rank(),
        "begin {begin:?} and size {size:?} for rank {}",
        x.rank()
    );
    let mut axes = strided::whole(x.shape());
    let mut start = 0;
    for (axis, (extent, stride)) in axes.iter_mut().enumerate() {
        let whole = *extent as i64;
        let first = if begin[axis] < 0 { begin[axis].saturating_add(whole) } else { begin[axis] };
        let count = if size[axis] == -1 { whole.saturating_sub(first) } else { size[axis] };
        ensure!(
            first >= 0 && count >= 0 && first.saturating_add(count) <= whole,
            "{count} elements from {} on, of an axis of {whole}",
            begin[axis]
        );
        if count > 0 {
            start += first as isize * *stride;
        }
        *extent = count as usize;
    }
    one(strided::view(cx, x, start, &axes)?)
}
