//! `range_1d`

#[cfg(feature = "eval")]
mod kernel;

use crate::prelude::*;

/// The op's declaration.
pub static DEF: OpDef = OpDef {
    name: "range_1d",
    family: Family::TensorOperation,
    doc: "`start`, `start + step`, … up to but without `end`: `⌈(end - start) / step⌉` numbers, none \
          if that is negative.",
    versions: &[Version {
        since: Release::IOS13,
        params: &[
            Param::tensor("end", T, "The bound."),
            Param::tensor("start", T, "The first number."),
            Param::tensor("step", T, "The distance, not 0."),
        ],
        domains: &[("T", &[Fp16, Fp32, Int32])],
    }],
    effect: Effect::Pure,
    traits: &[],
    infer: Some(infer),
    check: None,
    #[cfg(feature = "eval")]
    kernel: Some(kernel::kernel),
};

/// `ceil((end - start) / step)` numbers.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = call.dtype("start")?;
    let length = match (call.float("start"), call.float("end"), call.float("step")) {
        (Ok(_), Ok(_), Ok(0.0)) => return Err(invalid!("step is 0")),
        (Ok(start), Ok(end), Ok(step)) => {
            let length = ((end - start) / step).ceil();
            if length.is_finite() && length < 9e15 {
                Dim::Fixed(length.max(0.0) as u64)
            } else {
                Dim::UNKNOWN
            }
        }
        _ => Dim::UNKNOWN,
    };
    Ok(vec![dims::tensor(dtype, Some(vec![length]))])
}
