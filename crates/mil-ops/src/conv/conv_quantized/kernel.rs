//! Convolution with weights that are scaled: `weight * quant_scale + quant_bias`, both per output channel or
//! one for all.

use crate::eval::prelude::*;
use crate::eval::window;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, weight) = (cx.array("x")?, cx.array("weight")?);
    let kind = cx.text("quantization_type")?;
    if kind != "linear" {
        return Err(EvalError::Unsupported(format!("conv_quantized with quantization_type {kind}")));
    }
    let channels = weight.shape().first().copied().unwrap_or(0);
    with_real!(x.is_double(), F => {
        let (scale, bias) = (cx.reals::<F>("quant_scale")?, cx.reals::<F>("quant_bias")?);
        for (param, list) in [("quant_scale", &scale), ("quant_bias", &bias)] {
            ensure!(list.len() == 1 || list.len() == channels, "{param} has {} elements for {channels} channels", list.len());
        }
        let mut filters = weight.reals::<F>()?.into_owned();
        let size = filters.len() / channels.max(1);
        for (channel, filter) in filters.chunks_mut(size.max(1)).enumerate() {
            let of = |list: &[F]| list[if list.len() == 1 { 0 } else { channel }];
            filter.iter_mut().for_each(|w| *w = *w * of(&scale) + of(&bias));
        }
        window::conv(cx, x, weight.shape(), &filters)
    })
}
