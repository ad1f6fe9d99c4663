//! Blocks of pixels become blocks of channels, as in TensorFlow.

use crate::eval::prelude::*;
use crate::eval::slicing::{divided, image, rearrange};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let b = cx.size("block_size")?;
    let (h, w) = (divided(h, b)?, divided(w, b)?);
    one(rearrange(
        cx,
        x,
        &[n, c, h, b, w, b],
        &[0, 3, 5, 1, 2, 4],
        &[n, c.saturating_mul(b).saturating_mul(b), h, w],
    )?)
}
