//! `start + i * step` up to `end`, exclusive.

use crate::eval::prelude::*;
use crate::eval::reduce::integers;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let like = cx.array("start")?;
    if !like.dtype().is_float() {
        let (start, end, step) = (cx.int("start")?, cx.int("end")?, cx.int("step")?);
        ensure!(step != 0, "step is 0");
        let span = i128::from(end) - i128::from(start);
        let count = if (span > 0) == (step > 0) {
            (span.abs() + i128::from(step).abs() - 1) / i128::from(step).abs()
        } else {
            0
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let mut out = cx.vec::<i64>(&[count])?;
        out.extend((0..count).map(|i| start.wrapping_add(step.wrapping_mul(i as i64))));
        return one(integers(like, &[count], out)?);
    }
    let (start, end, step) = (cx.float("start")?, cx.float("end")?, cx.float("step")?);
    let count = ((end - start) / step).ceil();
    ensure!(count.is_finite(), "a range from {start} to {end} by {step}");
    let count = count.max(0.0) as usize;
    with_real!(like.is_double(), F => {
        let mut out = cx.vec::<F>(&[count])?;
        out.extend((0..count).map(|i| F::of(start + step * i as f64)));
        one(like.with_data(&[count], F::pack(out))?)
    })
}
