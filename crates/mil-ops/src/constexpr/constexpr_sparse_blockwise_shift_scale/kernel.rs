//! `scale * (data - offset)` where a mask is set. Gives the mask and the elements.

use crate::eval::compressed::{shift_scale, to_dense, to_sparse};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (mask, elements) = (cx.array("data_mask")?, cx.array("nonzero_data")?);
    let dense = shift_scale(cx, &to_dense(cx, mask, elements)?, cx.array("scale")?, cx.optional("offset")?)?;
    Ok(vec![mask.clone().into(), to_sparse(mask, &dense)?.into()])
}
