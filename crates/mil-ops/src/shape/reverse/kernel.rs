//! Reversed order along axes (all, if absent).

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let reversed = match cx.optional_ints("axes")? {
        Some(list) => axes(&list, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    let mut view = strided::whole(x.shape());
    let mut start = 0;
    for axis in reversed {
        let (size, stride) = view[axis];
        start += stride * size.saturating_sub(1) as isize;
        view[axis] = (size, -stride);
    }
    one(strided::view(cx, x, start, &view)?)
}
