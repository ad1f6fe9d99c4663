//! Sum of products of two arrays, as an equation such as `abc,cd->abd` says.

use crate::eval::prelude::*;
use crate::eval::products::einsum;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let values = cx.arrays("values")?;
    let &[x, y] = &values[..] else {
        return Err(EvalError::Unsupported(format!("einsum of {} arrays", values.len())));
    };
    one(einsum(cx, cx.text("equation")?, x, y)?)
}
