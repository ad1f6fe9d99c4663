//! Larger by factors: each element is the one at `floor(i * size / new size)`.

use crate::eval::image::{nearest, scaled, stretched};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let mut lists = Vec::new();
    for (offset, param) in [(2, "scale_factor_height"), (1, "scale_factor_width")] {
        ensure!(x.rank() >= 2, "x has rank {}", x.rank());
        let size = x.shape()[x.rank() - offset];
        lists.push(stretched(cx, size, scaled(size, cx.float(param)?)?)?);
    }
    one(nearest(cx, x, lists)?)
}
