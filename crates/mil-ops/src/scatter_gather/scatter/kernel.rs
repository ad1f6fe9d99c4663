//! Updates of the slices of `data` along an axis that indices name, one after the other.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, Mode, put};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (data, indices, updates) = (cx.array("data")?, cx.array("indices")?, cx.array("updates")?);
    let axis = cx.axis("axis", data.rank())?;
    let mut shape: Shape = data.shape()[..axis].into();
    shape.extend_from_slice(indices.shape());
    shape.extend_from_slice(&data.shape()[axis + 1..]);
    ensure!(updates.shape() == &shape[..], "updates {:?}, not {shape:?}", updates.shape());
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let (outer, size, inner) = strided::around(data.shape(), axis);
    let starts = (0..outer).flat_map(|outer| ids.iter().map(move |&index| (outer, index)));
    let starts =
        starts.map(|(outer, index)| Ok(bounds.place(index, size)?.map(|at| (outer * size + at) * inner)));
    one(put(data, updates, Mode::new(cx)?, starts, inner)?)
}
