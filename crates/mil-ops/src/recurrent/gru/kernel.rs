//! Gated recurrent unit, step by step; gates in the order reset, output, update.
//!
//! With `reset_after` the reset gate is applied to `W_ho h + bias`, as in PyTorch; without, to `h`.
//! The sequence of results is in the order of the steps, of `reverse` too.

use crate::eval::prelude::*;
use crate::eval::recurrent::{Activation, Sizes, bias, is_reverse, order, project};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let sizes = Sizes::new(cx, 3, "")?;
    let Sizes { steps, batch, input, hidden, .. } = sizes;
    let (gate, activation) =
        (Activation::new(cx, "recurrent_activation")?, Activation::new(cx, "activation")?);
    let reverse = is_reverse(cx)?;
    let reset_after = cx.value("reset_after").is_some() && cx.bool("reset_after")?;
    let every = cx.bool("output_sequence")?;
    let kept = if every { steps } else { 1 };
    with_real!(x.is_double(), F => {
        let inner = bias::<F>(cx, "bias", 3 * hidden)?;
        let outer = bias::<F>(cx, "input_bias", 3 * hidden)?;
        let weight = cx.reals::<F>("weight_hh")?;
        let inputs = project(cx, &x.reals::<F>()?, &cx.reals::<F>("weight_ih")?, &outer, input)?;
        let mut h = cx.reals::<F>("initial_h")?.into_owned();
        ensure!(h.len() == batch * hidden, "initial_h has {} elements", h.len());
        let mut out = cx.zeros::<F>(&[kept, batch, hidden])?;
        for (place, step) in order(steps, reverse).enumerate() {
            let inputs = &inputs[step * sizes.row()..][..sizes.row()];
            let gates = project(cx, &h, &weight, &inner, hidden)?;
            let reset = |b: usize, i: usize| gate.apply(inputs[b * 3 * hidden + i] + gates[b * 3 * hidden + i]);
            let candidates = if reset_after {
                let parts = (0..batch * hidden).map(|at| {
                    let (b, i) = (at / hidden, at % hidden);
                    reset(b, i) * gates[(b * 3 + 1) * hidden + i]
                });
                parts.collect()
            } else {
                let scaled: Vec<F> = (0..batch * hidden).map(|at| reset(at / hidden, at % hidden) * h[at]).collect();
                let weight = &weight[hidden * hidden..][..hidden * hidden];
                project(cx, &scaled, weight, &inner[hidden..2 * hidden], hidden)?
            };
            let candidates: Vec<F> = candidates;
            for at in 0..batch * hidden {
                let (b, i) = (at / hidden, at % hidden);
                let row = b * 3 * hidden;
                let update = gate.apply(inputs[row + 2 * hidden + i] + gates[row + 2 * hidden + i]);
                let candidate = activation.apply(inputs[row + hidden + i] + candidates[at]);
                h[at] = (1.0 - update) * candidate + update * h[at];
            }
            if every {
                out[place * h.len()..][..h.len()].copy_from_slice(&h);
            }
        }
        if !every {
            out.copy_from_slice(&h);
        }
        let sequence = x.with_data(&[kept, batch, hidden], F::pack(out))?;
        Ok(vec![sequence.into(), x.with_data(&[batch, hidden], F::pack(h))?.into()])
    })
}
