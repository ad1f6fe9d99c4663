//! All windows of `size` elements along an axis, as a new axis behind it.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let (size, stride) = (cx.size("size")?, cx.size("stride")?);
    ensure!(
        size > 0 && stride > 0 && size <= x.shape()[axis],
        "windows of {size} by {stride} on {}",
        x.shape()[axis]
    );
    let mut view = strided::whole(x.shape());
    let step = view[axis].1;
    view[axis] = ((x.shape()[axis] - size) / stride + 1, step * stride as isize);
    view.insert(axis + 1, (size, step));
    one(strided::view(cx, x, 0, &view)?)
}
