//! Blocks of channels become blocks of pixels, as in TensorFlow.

use crate::eval::prelude::*;
use crate::eval::slicing::{divided, image, rearrange};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let b = cx.size("block_size")?;
    let depth = divided(c, b.saturating_mul(b))?;
    one(rearrange(
        cx,
        x,
        &[n, b, b, depth, h, w],
        &[0, 3, 4, 1, 5, 2],
        &[n, depth, h.saturating_mul(b), w.saturating_mul(b)],
    )?)
}
