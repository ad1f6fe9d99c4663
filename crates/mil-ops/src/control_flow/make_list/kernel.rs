//! A list whose elements are not written yet.

use crate::eval::List;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let length = cx.size("init_length")?;
    let growing = cx.bool("dynamic_length")?;
    let name = cx.text("dtype")?;
    let dtype = DType::from_name(name).ok_or_else(|| EvalError::Unsupported(format!("a list of {name}")))?;
    cx.room::<f64>(&[length, 16])?;
    one(List { dtype, elements: vec![None; length].into(), growing })
}
