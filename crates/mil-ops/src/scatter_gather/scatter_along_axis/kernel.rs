//! Updates of the elements of `data` at their own places, but for the axis, where indices say.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, Mode, along_axis, put};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (data, indices, updates) = (cx.array("data")?, cx.array("indices")?, cx.array("updates")?);
    let axis = cx.axis("axis", data.rank())?;
    let fits = indices.rank() == data.rank()
        && updates.shape() == indices.shape()
        && (0..data.rank()).all(|other| other == axis || indices.shape()[other] <= data.shape()[other]);
    ensure!(fits, "data {:?}, indices {:?}, updates {:?}", data.shape(), indices.shape(), updates.shape());
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let own = strided::strides(data.shape());
    let (size, stride) = (data.shape()[axis], own[axis]);
    let starts = along_axis(indices.shape(), &own, axis).into_iter().zip(ids);
    let starts = starts.map(|(start, index)| Ok(bounds.place(index, size)?.map(|at| start + at * stride)));
    one(put(data, updates, Mode::new(cx)?, starts, 1)?)
}
