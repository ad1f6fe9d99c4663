//! `clip(round(input / scale) + zero_point)`, halves to even.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (input, scale) = (cx.array("input")?, cx.array("scale")?);
    let name = cx.text("output_dtype")?;
    let dtype = DType::from_name(name).filter(|dtype| matches!(dtype, DType::Int8 | DType::Uint8));
    let dtype = dtype.ok_or_else(|| EvalError::Unsupported(format!("quantize to {name}")))?;
    let (min, max) = if dtype == DType::Int8 { (-128.0, 127.0) } else { (0.0, 255.0) };
    let zero_points = cx.optional_reals::<f64>("zero_point")?;
    let axis = if scale.len() == 1 { 0 } else { cx.axis("axis", input.rank())? };
    let (size, inner) = match scale.len() {
        1 => (1, 1),
        len => {
            let (_, size, inner) = strided::around(input.shape(), axis);
            ensure!(len == size, "{len} scales for {size} channels");
            (size, inner.max(1))
        }
    };
    if let Some(zero_points) = &zero_points {
        ensure!(
            zero_points.len() == scale.len(),
            "{} zero points for {} scales",
            zero_points.len(),
            scale.len()
        );
    }
    with_real!(input.is_double(), F => {
        let (values, scales) = (input.reals::<F>()?, scale.reals::<F>()?);
        let mut out = cx.vec::<i32>(input.shape())?;
        out.extend(values.iter().enumerate().map(|(at, &x)| {
            let channel = at / inner % size;
            let steps = (x / scales[channel]).round_even().wide();
            let zero = zero_points.as_ref().map_or(0.0, |zero_points| zero_points[channel]);
            (steps + zero).clamp(min, max) as i32
        }));
        one(Array::new(dtype, input.shape(), i32::pack(out))?)
    })
}
