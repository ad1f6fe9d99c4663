//! The slices of `x` that the rows of the indices name.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, take};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, indices) = (cx.array("x")?, cx.array("indices")?);
    let batch = if cx.value("batch_dims").is_some() { cx.size("batch_dims")? } else { 0 };
    ensure!(indices.rank() > batch, "indices have shape {:?}, with {batch} batch axes", indices.shape());
    let depth = indices.shape()[indices.rank() - 1];
    ensure!(
        depth <= x.rank() && batch <= x.rank() - depth && x.shape()[..batch] == indices.shape()[..batch],
        "x {:?} and indices {:?}, with {batch} batch axes",
        x.shape(),
        indices.shape()
    );
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let own = strided::strides(x.shape());
    let inner: usize = x.shape()[batch + depth..].iter().product();
    let mut shape: Shape = indices.shape()[..indices.rank() - 1].into();
    let rows: usize = shape.iter().product();
    let per_batch: usize = shape[batch..].iter().product();
    shape.extend_from_slice(&x.shape()[batch + depth..]);
    let whole: usize = x.shape()[batch..].iter().product();
    let starts = (0..rows).map(|row| {
        let mut start = row / per_batch * whole;
        for axis in 0..depth {
            start += bounds.nearest(ids[row * depth + axis], x.shape()[batch + axis])? * own[batch + axis];
        }
        Ok(start)
    });
    one(take(cx, x, &shape, starts, inner)?)
}
