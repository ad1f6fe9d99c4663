//! Blocks of pixels, after padding with zeros, become batches.

use crate::eval::prelude::*;
use crate::eval::slicing::{divided, image, rearrange, remap};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [n, c, h, w] = image(x)?;
    let (&[bh, bw], &[top, bottom, left, right]) =
        (&cx.sizes("block_shape")?[..], &cx.sizes("paddings")?[..])
    else {
        return Err(EvalError::invalid("block_shape has 2 elements and paddings 2 x 2"));
    };
    let padded = |size: usize, before: usize, after: usize| -> Result<Vec<Option<usize>>, EvalError> {
        cx.room::<f64>(&[before, 2])?;
        cx.room::<f64>(&[after, 2])?;
        let edge = |count| std::iter::repeat_n(None, count);
        Ok(edge(before).chain((0..size).map(Some)).chain(edge(after)).collect())
    };
    let every = |size: usize| (0..size).map(Some).collect::<Vec<_>>();
    let maps = [every(n), every(c), padded(h, top, bottom)?, padded(w, left, right)?];
    let shape: Shape = maps.iter().map(Vec::len).collect();
    let data = rearranged!(x.data(), values => remap(cx, values, x.shape(), &maps, &Default::default()))?;
    let x = x.with_data(&shape, data)?;
    let (h, w) = (divided(shape[2], bh)?, divided(shape[3], bw)?);
    one(rearrange(
        cx,
        &x,
        &[n, c, h, bh, w, bw],
        &[3, 5, 0, 1, 2, 4],
        &[bh.saturating_mul(bw).saturating_mul(n), c, h, w],
    )?)
}
