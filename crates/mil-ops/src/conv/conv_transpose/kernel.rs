//! Transposed convolution over one to three spatial axes.
//!
//! `output_shape`, where it is given, decides the size of the result: what it has more than the padding rule
//! asks for stands at the end of each axis. Padding of type `same` is that of TensorFlow.

use crate::eval::prelude::*;
use crate::eval::slicing::divided;
use crate::eval::window::{self, Channels, Windows};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, weight) = (cx.array("x")?, cx.array("weight")?);
    ensure!(
        (3..=5).contains(&x.rank()) && weight.rank() == x.rank(),
        "x has shape {:?} and weight {:?}",
        x.shape(),
        weight.shape()
    );
    let (groups, inputs) = (cx.size("groups")?, x.shape()[1]);
    ensure!(weight.shape()[0] == inputs, "weight has {} input channels, x {inputs}", weight.shape()[0]);
    let channels =
        Channels { batch: x.shape()[0], groups, input: divided(inputs, groups)?, output: weight.shape()[1] };
    let outputs =
        channels.output.checked_mul(groups).ok_or_else(|| EvalError::invalid("groups that overflow"))?;
    let wanted = match cx.value("output_shape") {
        Some(_) => Some(cx.sizes("output_shape")?),
        None => None,
    };
    // All axes, or the spatial ones only.
    let spatial = x.rank() - 2;
    let wanted = wanted.as_deref().map(|list| &list[list.len().saturating_sub(spatial)..]);
    let windows = Windows::transposed(cx, &x.shape()[2..], &weight.shape()[2..], wanted)?;
    let mut shape: Shape = [x.shape()[0], outputs].into_iter().collect();
    shape.extend_from_slice(windows.input_shape());
    with_real!(x.is_double(), F => {
        let bias = cx.optional_reals::<F>("bias")?;
        ensure!(bias.as_ref().is_none_or(|bias| bias.len() == outputs), "bias does not have {outputs} elements");
        let out = window::convolve_transposed(
            cx, &x.reals::<F>()?, &weight.reals::<F>()?, bias.as_deref(), &windows, channels,
        )?;
        one(x.with_data(&shape, F::pack(out))?)
    })
}
