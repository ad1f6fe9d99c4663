//! Negation.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let values = x.bools()?.iter().map(|x| !x).collect();
    one(Array::from_vec::<bool>(x.shape(), values)?)
}
