//! Another size along the last axes. A size of 0 keeps that of `x`.
//!
//! The nearest neighbour of a place is found by rounding it, halves up.

use crate::eval::image::{Sampling, interpolate, nearest, taps};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let (wanted, count) = (cx.sizes("shape")?, cx.size("resized_dims")?);
    ensure!(
        count <= wanted.len() && count <= x.rank(),
        "{count} resized axes, shape {wanted:?}, rank {}",
        x.rank()
    );
    let sampling = Sampling::new(cx)?;
    let mut lists = Vec::new();
    for at in 0..count {
        let size = x.shape()[x.rank() - count + at];
        let output = match wanted[wanted.len() - count + at] {
            0 => size,
            output => output,
        };
        lists.push((size, output));
    }
    let span = |size: usize| size as f64 - 1.0;
    match cx.text("interpolation_mode")? {
        "LINEAR" => {
            let lists = lists.iter().map(|&(size, output)| {
                taps(cx, size, output, |index| sampling.place(index, span(size), output))
            });
            one(interpolate(cx, x, &lists.collect::<Result<Vec<_>, _>>()?)?)
        }
        "NEAREST_NEIGHBOR" => {
            let lists = lists.iter().map(|&(size, output)| {
                let place = |index| (sampling.place(index, span(size), output) + 0.5).floor();
                Ok(taps(cx, size, output, place)?.into_iter().map(|tap| tap.0).collect())
            });
            one(nearest(cx, x, lists.collect::<Result<Vec<_>, EvalError>>()?)?)
        }
        other => Err(EvalError::Unsupported(format!("interpolation_mode {other}"))),
    }
}
