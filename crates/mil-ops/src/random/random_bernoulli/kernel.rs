//! 1 with a probability, else 0. The numbers are reproducible, and not those that Core ML draws.

use crate::eval::noise::Noise;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let shape = cx.sizes("shape")?;
    let count = cx.room::<f64>(&shape)?;
    let prob = cx.float("prob")?;
    let dtype = cx.result_dtype(0, cx.optional("prob")?);
    let mut noise = Noise::new(cx)?;
    with_real!(cx.is_double(), F => {
        let values = (0..count).map(|_| F::of(f64::from(u8::from(noise.unit() < prob)))).collect();
        one(Array::new(dtype, &shape, F::pack(values))?)
    })
}
