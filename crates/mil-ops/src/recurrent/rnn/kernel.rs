//! `h = activation(W_ih x + W_hh h + bias)`, step by step.
//!
//! The sequence of results is in the order of the steps, of `reverse` too.

use crate::eval::prelude::*;
use crate::eval::recurrent::{Activation, Sizes, bias, is_reverse, order, project};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let sizes = Sizes::new(cx, 1, "")?;
    let Sizes { steps, batch, input, hidden, .. } = sizes;
    let (activation, reverse) = (Activation::new(cx, "activation")?, is_reverse(cx)?);
    let every = cx.bool("output_sequence")?;
    let kept = if every { steps } else { 1 };
    with_real!(x.is_double(), F => {
        let bias = bias::<F>(cx, "bias", hidden)?;
        let weight = cx.reals::<F>("weight_hh")?;
        let inputs = project(cx, &x.reals::<F>()?, &cx.reals::<F>("weight_ih")?, &bias, input)?;
        let mut h = cx.reals::<F>("initial_h")?.into_owned();
        ensure!(h.len() == batch * hidden, "initial_h has {} elements", h.len());
        let mut out = cx.zeros::<F>(&[kept, batch, hidden])?;
        for (place, step) in order(steps, reverse).enumerate() {
            let mut next = inputs[step * sizes.row()..][..sizes.row()].to_vec();
            let weight = Matrix::new(&weight[..], hidden, hidden).transposed();
            gemm::add_product(Matrix::new(&h, batch, hidden), weight, &mut next, cx.options.reproducible)?;
            next.iter_mut().for_each(|x| *x = activation.apply(*x));
            if every {
                out[place * h.len()..][..h.len()].copy_from_slice(&next);
            }
            h = next;
        }
        if !every {
            out.copy_from_slice(&h);
        }
        let sequence = x.with_data(&[kept, batch, hidden], F::pack(out))?;
        Ok(vec![sequence.into(), x.with_data(&[batch, hidden], F::pack(h))?.into()])
    })
}
