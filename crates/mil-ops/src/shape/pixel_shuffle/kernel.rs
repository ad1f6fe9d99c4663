//! Channels become pixels, as in PyTorch.

use crate::eval::prelude::*;
use crate::eval::slicing::{divided, image, rearrange};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let f = cx.size("upscale_factor")?;
    let depth = divided(c, f.saturating_mul(f))?;
    one(rearrange(
        cx,
        x,
        &[n, depth, f, f, h, w],
        &[0, 1, 4, 2, 5, 3],
        &[n, depth, h.saturating_mul(f), w.saturating_mul(f)],
    )?)
}
