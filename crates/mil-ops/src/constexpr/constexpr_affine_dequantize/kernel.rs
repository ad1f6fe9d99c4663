//! `scale * (quantized_data - zero_point)`.

use crate::eval::compressed::affine;
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let data = cx.array("quantized_data")?;
    // A scalar has no axis, and needs none.
    let axis = if data.rank() > 0 { Some(cx.axis("axis", data.rank())?) } else { None };
    one(affine(cx, data, cx.array("scale")?, cx.optional("zero_point")?, axis)?)
}
