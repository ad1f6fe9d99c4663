//! `x / (k + alpha / size * sum(x^2))^beta`, with the sum over the `size` channels around each.
//!
//! Of an even number of channels the window reaches one further down than up, as in PyTorch. Channels are
//! axis 1; of an array of rank 3 they are axis 0, as the numbers that coremltools states for Core ML tell.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 3, "x has rank {}", x.rank());
    let (_, channels, inner) = strided::around(x.shape(), usize::from(x.rank() > 3));
    let size = cx.size("size")?;
    ensure!(size > 0, "size is 0");
    let (alpha, beta, k) = (cx.float("alpha")? / size as f64, cx.float("beta")?, cx.float("k")?);
    with_real!(x.is_double(), F => {
        let values = x.reals::<F>()?;
        let mut out = cx.zeros::<F>(x.shape())?;
        par::chunks(&mut out, inner, |index, plane| {
            let (batch, channel) = (index / channels, index % channels);
            let first = channel.saturating_sub(size / 2);
            let last = (channel + (size - 1) / 2).min(channels - 1);
            for (at, out) in plane.iter_mut().enumerate() {
                let squares: f64 = (first..=last)
                    .map(|channel| values[(batch * channels + channel) * inner + at].wide())
                    .map(|x| x * x)
                    .sum();
                let own = values[index * inner + at].wide();
                *out = F::of(own / libm::pow(k + alpha * squares, beta));
            }
        });
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}
