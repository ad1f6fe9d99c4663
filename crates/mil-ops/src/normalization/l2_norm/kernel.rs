//! `x / sqrt(sum(x^2) + epsilon)` over the last three axes.

use crate::eval::prelude::*;
use crate::eval::reduce;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 3, "x has rank {}", x.rank());
    let length: usize = x.shape()[x.rank() - 3..].iter().product();
    let epsilon = cx.float("epsilon")?;
    with_real!(x.is_double(), F => {
        let mut out = x.reals::<F>()?.into_owned();
        par::chunks(&mut out, length, |_, row| {
            let norm = F::of((reduce::sum(row, |x| x.wide() * x.wide()) + epsilon).sqrt());
            row.iter_mut().for_each(|x| *x /= norm);
        });
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}
