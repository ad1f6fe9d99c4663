//! Pixels become channels, as in PyTorch.

use crate::eval::prelude::*;
use crate::eval::slicing::{divided, image, rearrange};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let f = cx.size("downscale_factor")?;
    let (h, w) = (divided(h, f)?, divided(w, f)?);
    one(rearrange(
        cx,
        x,
        &[n, c, h, f, w, f],
        &[0, 1, 3, 5, 2, 4],
        &[n, c.saturating_mul(f).saturating_mul(f), h, w],
    )?)
}
