//! Convolution over one to three spatial axes.

use crate::eval::prelude::*;
use crate::eval::window;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, weight) = (cx.array("x")?, cx.array("weight")?);
    with_real!(x.is_double(), F => window::conv(cx, x, weight.shape(), &weight.reals::<F>()?))
}
