//! Long short-term memory, step by step; gates in the order input, forget, output, cell.
//!
//! `clip` bounds the cell state. Of one direction, `reverse` too, the sequence of results is in the order of
//! the steps; of two, both are in the order of the input.

use crate::eval::prelude::*;
use crate::eval::recurrent::{self, Activation, Sizes, order, project};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let sizes = Sizes::new(cx, 4, "")?;
    let Sizes { steps, batch, hidden, .. } = sizes;
    let (directions, reverse) = match cx.text("direction")? {
        "forward" => (1, false),
        "reverse" => (1, true),
        "bidirectional" => (2, false),
        other => return Err(EvalError::Unsupported(format!("direction {other}"))),
    };
    let width = directions * hidden;
    let every = cx.bool("output_sequence")?;
    let kept = if every { steps } else { 1 };
    with_real!(x.is_double(), F => {
        let (h, c) = (cx.reals::<F>("initial_h")?, cx.reals::<F>("initial_c")?);
        ensure!(h.len() == batch * width && c.len() == h.len(), "initial_h has {} elements, initial_c {}", h.len(), c.len());
        let mut out = cx.zeros::<F>(&[kept, batch, width])?;
        let (mut last_h, mut last_c) = (vec![0.0; h.len()], vec![0.0; c.len()]);
        for direction in 0..directions {
            let suffix = if direction == 0 { "" } else { "_back" };
            let part = |values: &[F]| -> Vec<F> {
                values.chunks(width.max(1)).flat_map(|row| &row[direction * hidden..][..hidden]).copied().collect()
            };
            let put = |rows: &mut [F], values: &[F]| {
                for (row, values) in rows.chunks_mut(width.max(1)).zip(values.chunks(hidden.max(1))) {
                    row[direction * hidden..][..hidden].copy_from_slice(values);
                }
            };
            let (h, c) = run::<F>(cx, suffix, reverse || direction == 1, part(&h), part(&c), |place, step, h| {
                if every {
                    let at = if directions == 1 { place } else { step };
                        put(&mut out[at * batch * width..][..batch * width], h);
                }
            })?;
            if !every {
                put(&mut out, &h);
            }
            put(&mut last_h, &h);
            put(&mut last_c, &c);
        }
        let sequence = x.with_data(&[kept, batch, width], F::pack(out))?;
        let last = [last_h, last_c].map(|values| x.with_data(&[batch, width], F::pack(values)));
        let [h, c] = last;
        Ok(vec![sequence.into(), h?.into(), c?.into()])
    })
}

/// One direction: the last hidden and cell states. `visit` sees each step's hidden state.
fn run<F: Real>(
    cx: &Context<'_>,
    suffix: &str,
    reverse: bool,
    mut h: Vec<F>,
    mut c: Vec<F>,
    mut visit: impl FnMut(usize, usize, &[F]),
) -> Result<(Vec<F>, Vec<F>), EvalError> {
    let sizes = Sizes::new(cx, 4, suffix)?;
    let Sizes { steps, batch, input, hidden, .. } = sizes;
    let named = |param: &str| format!("{param}{suffix}");
    let gate = Activation::new(cx, "recurrent_activation")?;
    let (cell, activation) = (Activation::new(cx, "cell_activation")?, Activation::new(cx, "activation")?);
    let clip = if cx.value("clip").is_some() { F::of(cx.float("clip")?) } else { F::INFINITY };
    let bias = recurrent::bias::<F>(cx, &named("bias"), 4 * hidden)?;
    let peephole = recurrent::bias::<F>(cx, &named("peephole"), 3 * hidden)?;
    let weight = cx.reals::<F>(&named("weight_hh"))?;
    ensure!(h.len() == batch * hidden, "a hidden state of {} elements", h.len());
    let inputs = project(cx, &cx.reals::<F>("x")?, &cx.reals::<F>(&named("weight_ih"))?, &bias, input)?;
    for (place, step) in order(steps, reverse).enumerate() {
        let mut gates = inputs[step * sizes.row()..][..sizes.row()].to_vec();
        let weight = Matrix::new(&weight[..], 4 * hidden, hidden).transposed();
        gemm::add_product(Matrix::new(&h, batch, hidden), weight, &mut gates, cx.options.reproducible)?;
        for at in 0..batch * hidden {
            let i = at % hidden;
            let gates = &gates[at / hidden * 4 * hidden..][..4 * hidden];
            let take = gate.apply(gates[i] + peephole[i] * c[at]);
            let forget = gate.apply(gates[hidden + i] + peephole[hidden + i] * c[at]);
            let new = cell.apply(gates[3 * hidden + i]);
            c[at] = (forget * c[at] + take * new).larger(-clip).smaller(clip);
            let give = gate.apply(gates[2 * hidden + i] + peephole[2 * hidden + i] * c[at]);
            h[at] = give * activation.apply(c[at]);
        }
        visit(place, step, &h);
    }
    Ok((h, c))
}
