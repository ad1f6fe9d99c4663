//! Draws of a category for each row of logits or probabilities. The numbers are reproducible, and not those
//! that Core ML draws.

use crate::eval::noise::Noise;
use crate::eval::prelude::*;
use crate::eval::reduce::softmax_row;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let logits = match cx.text("mode")? {
        "logits" => true,
        "probs" => false,
        other => return Err(EvalError::Unsupported(format!("mode {other}"))),
    };
    let size = cx.size("size")?;
    ensure!(x.rank() > 0, "x has rank 0");
    let classes = x.shape()[x.rank() - 1];
    ensure!(classes > 0, "no categories");
    let mut shape: Shape = x.shape().into();
    shape[x.rank() - 1] = size;
    cx.room::<f64>(&shape)?;
    let mut noise = Noise::new(cx)?;
    let mut values = x.reals::<f64>()?.into_owned();
    let mut out = cx.vec::<f64>(&shape)?;
    for row in values.chunks_mut(classes) {
        if logits {
            softmax_row(row);
        }
        let total: f64 = row.iter().sum();
        out.extend((0..size).map(|_| {
            let mut left = noise.unit() * total;
            let drawn = row.iter().position(|&weight| {
                left -= weight;
                left < 0.0
            });
            drawn.unwrap_or(classes - 1) as f64
        }));
    }
    let drawn = Array::from_vec(&shape, out)?;
    one(crate::eval::convert(cx, &drawn, cx.result_dtype(0, Some(x)))?)
}
