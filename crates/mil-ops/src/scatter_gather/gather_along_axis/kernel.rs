//! For each index the element of `x` at its own place, but for the axis, where the index says.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, along_axis, take};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, indices) = (cx.array("x")?, cx.array("indices")?);
    let axis = cx.axis("axis", x.rank())?;
    let fits = indices.rank() == x.rank()
        && (0..x.rank()).all(|other| other == axis || indices.shape()[other] <= x.shape()[other]);
    ensure!(fits, "x {:?} and indices {:?}", x.shape(), indices.shape());
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let starts = along_axis(indices.shape(), &strided::strides(x.shape()), axis);
    let (size, stride) = (x.shape()[axis], strided::strides(x.shape())[axis]);
    let starts =
        starts.into_iter().zip(ids).map(|(start, index)| Ok(start + bounds.nearest(index, size)? * stride));
    one(take(cx, x, indices.shape(), starts, 1)?)
}
