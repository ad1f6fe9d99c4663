//! Elements or vectors of look-up tables, where a mask is set. Gives the mask, repeated for vectors, and the
//! elements.

use crate::eval::compressed::{look_up, repeat_mask, to_dense, to_sparse};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (mask, places) = (cx.array("indices_mask")?, cx.array("indices_nonzero_data")?);
    let table = cx.array("lut")?;
    let axis =
        if cx.value("vector_axis").is_some() { Some(cx.axis("vector_axis", mask.rank())?) } else { None };
    let dense = look_up(cx, &to_dense(cx, mask, places)?, table, axis)?;
    let width = table.shape().last().copied().unwrap_or(1);
    let mask = match axis {
        Some(axis) if width > 1 => repeat_mask(cx, mask, axis, width)?,
        _ => mask.clone(),
    };
    let elements = to_sparse(&mask, &dense)?;
    Ok(vec![mask.into(), elements.into()])
}
