//! `x` with the elements of a slice replaced.

use crate::eval::prelude::*;
use crate::eval::slicing::{put, slice};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, update) = (cx.array("x")?, cx.array("update")?);
    let slice = slice(cx, x.shape())?;
    ensure!(
        update.shape() == &slice.shape[..],
        "an update of shape {:?} for a slice of shape {:?}",
        update.shape(),
        slice.shape
    );
    let update = crate::eval::convert(cx, update, x.dtype())?;
    let data = with_stored!(x.data(), T => {
        let mut out = x.wanted::<T>()?.to_vec();
        put(&mut out, slice.start, &slice.axes, update.wanted::<T>()?);
        T::pack(out)
    });
    one(x.with_data(x.shape(), data)?)
}
