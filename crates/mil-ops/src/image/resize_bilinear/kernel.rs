//! Another size, interpolated.

use crate::eval::image::{Sampling, interpolate, taps};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let sampling = Sampling::new(cx)?;
    let mut lists = Vec::new();
    for (offset, param) in [(2, "target_size_height"), (1, "target_size_width")] {
        let (size, output) = (x.shape()[x.rank() - offset], cx.size(param)?);
        lists.push(taps(cx, size, output, |index| sampling.place(index, size as f64 - 1.0, output))?);
    }
    one(interpolate(cx, x, &lists)?)
}
