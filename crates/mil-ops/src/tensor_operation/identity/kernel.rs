//! The operand itself, whatever it is.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let value = cx.value("x").ok_or_else(|| EvalError::Missing("x".into()))?;
    Ok(vec![value.clone()])
}
