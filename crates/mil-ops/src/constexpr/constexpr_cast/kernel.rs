//! Conversion to another element type.

use crate::eval::convert;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let name = cx.text("output_dtype")?;
    let dtype = DType::from_name(name).ok_or_else(|| EvalError::Unsupported(format!("a cast to {name}")))?;
    one(convert(cx, cx.array("source_val")?, dtype)?)
}
