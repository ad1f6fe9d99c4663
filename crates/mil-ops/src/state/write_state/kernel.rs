//! Replaces the contents of a state.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let state = cx.state("input")?;
    let data = crate::eval::convert(cx, cx.array("data")?, state.read().dtype())?;
    state.write(data)?;
    Ok(Vec::new())
}
