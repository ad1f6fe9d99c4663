//! Batches become blocks of pixels, which are then cropped.

use crate::eval::prelude::*;
use crate::eval::slicing::{crop, divided, image, rearrange};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let (&[bh, bw], &[top, bottom, left, right]) = (&cx.sizes("block_shape")?[..], &cx.sizes("crops")?[..])
    else {
        return Err(EvalError::invalid("block_shape has 2 elements and crops 2 x 2"));
    };
    let n = divided(n, bh.saturating_mul(bw))?;
    let whole = [n, c, h.saturating_mul(bh), w.saturating_mul(bw)];
    let x = rearrange(cx, x, &[bh, bw, n, c, h, w], &[2, 3, 4, 0, 5, 1], &whole)?;
    one(crop(cx, &x, (top, bottom), (left, right))?)
}
