//! The value of the attribute `val`.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let value = cx.value("val").ok_or_else(|| EvalError::Missing("val".into()))?;
    Ok(vec![value.clone()])
}
