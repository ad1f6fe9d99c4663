//! `scale * (quantized_data - zero_point)`.

use crate::eval::compressed::affine;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let data = cx.array("quantized_data")?;
    let axis = if cx.value("axis").is_some() { Some(cx.axis("axis", data.rank().max(1))?) } else { None };
    one(affine(cx, data, cx.array("scale")?, cx.optional("zero_point")?, axis)?)
}
