//! The values of the loop variables when the first block, the condition, gives false; the second block is the
//! body.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let host = cx.host.ok_or_else(|| EvalError::Unsupported("while_loop on its own".into()))?;
    let mut variables =
        cx.values("loop_vars").ok_or_else(|| EvalError::Missing("loop_vars".into()))?.to_vec();
    let limit = cx.options.limits.iterations;
    for _ in 0..=limit {
        let goes_on = match &host.run_block(0, &variables)?[..] {
            [EvalValue::Array(array)] => matches!(array.bools()?[..], [true]),
            _ => return Err(EvalError::invalid("the condition of a loop gives one boolean")),
        };
        if !goes_on {
            return Ok(variables);
        }
        let next = host.run_block(1, &variables)?;
        ensure!(next.len() == variables.len(), "a body gives {} values for {}", next.len(), variables.len());
        variables = next;
    }
    Err(EvalError::TooManyIterations(limit))
}
