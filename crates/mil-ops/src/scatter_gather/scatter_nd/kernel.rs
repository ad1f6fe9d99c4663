//! Updates of the slices of `data` that the rows of the indices name, one after the other.

use crate::eval::prelude::*;
use crate::eval::scatter::{Bounds, Mode, put, row_start};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (data, indices, updates) = (cx.array("data")?, cx.array("indices")?, cx.array("updates")?);
    let depth = *indices.shape().last().ok_or_else(|| EvalError::invalid("indices have rank 0"))?;
    ensure!(depth <= data.rank(), "indices {:?} into {:?}", indices.shape(), data.shape());
    let mut shape: Shape = indices.shape()[..indices.rank() - 1].into();
    let rows: usize = shape.iter().product();
    shape.extend_from_slice(&data.shape()[depth..]);
    ensure!(updates.shape() == &shape[..], "updates {:?}, not {shape:?}", updates.shape());
    let bounds = Bounds::new(cx)?;
    let ids = indices.longs()?;
    let own = strided::strides(data.shape());
    let inner: usize = data.shape()[depth..].iter().product();
    let starts = (0..rows).map(|row| {
        row_start(&ids[row * depth..][..depth], data.shape(), &own, |index, size| bounds.place(index, size))
    });
    one(put(data, updates, Mode::new(cx)?, starts, inner)?)
}
