//! `gamma * (x - E[x]) / sqrt(Var[x] + epsilon) + beta` over axes (all, if absent).

use crate::eval::prelude::*;
use crate::eval::reduce;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let reduced = match cx.optional_ints("axes")? {
        Some(list) => axes(&list, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    let epsilon = cx.float("epsilon")?;
    let length: usize = reduced.iter().map(|&axis| x.shape()[axis]).product();
    let trailing = reduced.iter().rev().enumerate().all(|(at, &axis)| axis + at + 1 == x.rank());
    with_real!(x.is_double(), F => {
        let gamma = cx.optional_reals::<F>("gamma")?;
        let beta = cx.optional_reals::<F>("beta")?;
        for (param, list) in [("gamma", &gamma), ("beta", &beta)] {
            ensure!(list.as_ref().is_none_or(|list| list.len() == length), "{param} does not have {length} elements");
        }
        let normalize = |row: &mut [F]| {
            let (mean, variance) = reduce::moments(row);
            let scale = 1.0 / (variance + epsilon).sqrt();
            for (index, x) in row.iter_mut().enumerate() {
                let gamma = gamma.as_ref().map_or(1.0, |gamma| gamma[index].wide());
                let beta = beta.as_ref().map_or(0.0, |beta| beta[index].wide());
                *x = F::of((x.wide() - mean) * scale * gamma + beta);
            }
        };
        let values = x.reals::<F>()?;
        if values.is_empty() {
            return one(x.clone());
        }
        if trailing {
            let mut out = values.into_owned();
            par::chunks(&mut out, length, |_, row| normalize(row));
            return one(x.with_data(x.shape(), F::pack(out))?);
        }
        // Axes in the middle: bring them to the end, and back.
        let kept = (0..x.rank()).filter(|axis| !reduced.contains(axis));
        let order: Vec<usize> = kept.chain(reduced.iter().copied()).collect();
        let mut moved = strided::permuted(cx, &values, x.shape(), &order)?;
        moved.chunks_mut(length).for_each(normalize);
        let shape: Shape = order.iter().map(|&axis| x.shape()[axis]).collect();
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(at, &axis)| back[axis] = at);
        one(x.with_data(x.shape(), F::pack(strided::permuted(cx, &moved, &shape, &back)?))?)
    })
}
