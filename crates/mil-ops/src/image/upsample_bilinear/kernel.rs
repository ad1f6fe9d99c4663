//! Larger by factors, interpolated. Steps follow from the sizes, not from the factors.

use crate::eval::image::{Sampling, interpolate, scaled, taps};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let aligned = cx.bool("align_corners")?;
    let half =
        if cx.value("half_pixel_centers").is_some() { cx.bool("half_pixel_centers")? } else { !aligned };
    let sampling = match (aligned, half) {
        (true, _) => Sampling::StrictAlignCorners,
        (false, true) => Sampling::UnalignCorners,
        (false, false) => Sampling::Default,
    };
    let mut lists = Vec::new();
    for (offset, param) in [(2, "scale_factor_height"), (1, "scale_factor_width")] {
        let size = x.shape()[x.rank() - offset];
        let output = scaled(size, cx.float(param)?)?;
        lists.push(taps(cx, size, output, |index| sampling.place(index, size as f64 - 1.0, output))?);
    }
    one(interpolate(cx, x, &lists)?)
}
