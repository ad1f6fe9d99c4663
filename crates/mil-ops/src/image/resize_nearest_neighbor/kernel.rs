//! Another size: each element is the one at `floor(i * size / new size)`.

use crate::eval::image::{nearest, stretched};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let mut lists = Vec::new();
    for (offset, param) in [(2, "target_size_height"), (1, "target_size_width")] {
        ensure!(x.rank() >= 2, "x has rank {}", x.rank());
        lists.push(stretched(cx, x.shape()[x.rank() - offset], cx.size(param)?)?);
    }
    one(nearest(cx, x, lists)?)
}
