//! Reversed order of the first `lengths[i]` elements along `seq_axis`, for each element of `batch_axis`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let (sequence, batch) = (cx.axis("seq_axis", x.rank())?, cx.axis("batch_axis", x.rank())?);
    let lengths = cx.sizes("lengths")?;
    let size = x.shape()[sequence];
    ensure!(
        lengths.len() == x.shape()[batch],
        "{} lengths for {} sequences",
        lengths.len(),
        x.shape()[batch]
    );
    ensure!(lengths.iter().all(|&length| length <= size), "lengths {lengths:?} of sequences of {size}");
    let own = strided::strides(x.shape());
    let data = rearranged!(x.data(), values => {
        let mut out = cx.vec(x.shape())?;
        out.extend((0..values.len()).map(|at| {
            let place = at / own[sequence] % size;
            let length = lengths[at / own[batch] % lengths.len()];
            let from = if place < length { length - 1 - place } else { place };
            values[at - place * own[sequence] + from * own[sequence]].clone()
        }));
        Ok::<_, EvalError>(out)
    })?;
    one(x.with_data(x.shape(), data)?)
}
