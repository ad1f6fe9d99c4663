//! The slices of `x` along an axis that indices name.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, take};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, indices) = (cx.array("x")?, cx.array("indices")?);
    let axis = cx.axis("axis", x.rank())?;
    let batch = if cx.value("batch_dims").is_some() { cx.axis("batch_dims", indices.rank() + 1)? } else { 0 };
    ensure!(
        batch <= axis && x.shape()[..batch] == indices.shape()[..batch],
        "{batch} batch axes of {:?} and {:?}, axis {axis}",
        x.shape(),
        indices.shape()
    );
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let (outer, size, inner) = strided::around(x.shape(), axis);
    let per_batch: usize = x.shape()[batch..axis].iter().product();
    let count: usize = indices.shape()[batch..].iter().product();
    let mut shape: Shape = x.shape()[..axis].into();
    shape.extend_from_slice(&indices.shape()[batch..]);
    shape.extend_from_slice(&x.shape()[axis + 1..]);
    cx.room::<f64>(&shape)?;
    let starts = (0..outer).flat_map(|outer| (0..count).map(move |at| (outer, at))).map(|(outer, at)| {
        let index = ids[outer / per_batch * count + at];
        Ok((outer * size + bounds.nearest(index, size)?) * inner)
    });
    one(take(cx, x, &shape, starts, inner)?)
}
