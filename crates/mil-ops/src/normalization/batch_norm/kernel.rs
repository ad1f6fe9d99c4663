//! `gamma * (x - mean) / sqrt(variance + epsilon) + beta`, per channel (axis 1).

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let channels = x.shape()[1];
    let inner: usize = x.shape()[2..].iter().product();
    let epsilon = cx.float("epsilon")?;
    with_real!(x.is_double(), F => {
        let (mean, variance) = (cx.reals::<F>("mean")?, cx.reals::<F>("variance")?);
        let gamma = cx.optional_reals::<F>("gamma")?;
        let beta = cx.optional_reals::<F>("beta")?;
        for (param, list) in
            [("mean", Some(&mean)), ("variance", Some(&variance)), ("gamma", gamma.as_ref()), ("beta", beta.as_ref())]
        {
            ensure!(list.is_none_or(|list| list.len() == channels), "{param} does not have {channels} elements");
        }
        let mut out = x.reals::<F>()?.into_owned();
        par::chunks(&mut out, inner, |index, plane| {
            let channel = index % channels;
            let spread = (variance[channel].wide() + epsilon).sqrt();
            let scale = F::of(gamma.as_ref().map_or(1.0, |gamma| gamma[channel].wide()) / spread);
            let shift = beta.as_ref().map_or(0.0, |beta| beta[channel]);
            plane.iter_mut().for_each(|x| *x = (*x - mean[channel]) * scale + shift);
        });
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}
