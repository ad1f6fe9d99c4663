//! `scale * (input - zero_point)`.

use crate::eval::compressed::affine;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (input, scale) = (cx.array("input")?, cx.array("scale")?);
    let axis = if cx.value("axis").is_some() { Some(cx.axis("axis", input.rank())?) } else { None };
    one(affine(cx, input, scale, cx.optional("zero_point")?, axis)?)
}
