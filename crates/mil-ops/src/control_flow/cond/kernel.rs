//! The outputs of one of two blocks.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let host = cx.host.ok_or_else(|| EvalError::Unsupported("cond on its own".into()))?;
    host.run_block(usize::from(!cx.bool("pred")?), &[])
}
