//! Sizes of the axes.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let sizes = x.shape().iter().map(|&size| i32::try_from(size).unwrap_or(i32::MAX)).collect();
    one(cx.index_array(0, &[x.rank()], sizes)?)
}
