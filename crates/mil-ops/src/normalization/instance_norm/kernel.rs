//! `gamma * (x - E[x]) / sqrt(Var[x] + epsilon) + beta`, per batch element and channel.

use crate::eval::prelude::*;
use crate::eval::reduce;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let channels = x.shape()[1];
    let inner: usize = x.shape()[2..].iter().product();
    let epsilon = cx.float("epsilon")?;
    with_real!(x.is_double(), F => {
        let gamma = cx.optional_reals::<F>("gamma")?;
        let beta = cx.optional_reals::<F>("beta")?;
        for (param, list) in [("gamma", &gamma), ("beta", &beta)] {
            ensure!(list.as_ref().is_none_or(|list| list.len() == channels), "{param} does not have {channels} elements");
        }
        let mut out = x.reals::<F>()?.into_owned();
        par::chunks(&mut out, inner, |index, plane| {
            let channel = index % channels;
            let (mean, variance) = reduce::moments(plane);
            let scale = gamma.as_ref().map_or(1.0, |gamma| gamma[channel].wide()) / (variance + epsilon).sqrt();
            let shift = beta.as_ref().map_or(0.0, |beta| beta[channel].wide());
            plane.iter_mut().for_each(|x| *x = F::of((x.wide() - mean) * scale + shift));
        });
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}
