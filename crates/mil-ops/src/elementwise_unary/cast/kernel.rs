//! Conversion to another element type.
//!
//! Floats become integers by truncation. Where the integer type has no such value NumPy leaves the result
//! open; here it is what 32-bit saturation and then wrapping to the narrow type give. NaN becomes 0.

use crate::eval::convert;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let name = cx.text("dtype")?;
    let dtype = DType::from_name(name).ok_or_else(|| EvalError::Unsupported(format!("a cast to {name}")))?;
    one(convert(cx, x, dtype)?)
}
