//! Elements where a mask is set, zeros elsewhere. Before iOS18 the mask is packed bits.

use crate::eval::compressed::{to_dense, unpack};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (elements, mask) = (cx.array("nonzero_data")?, cx.array("mask")?);
    if cx.value("shape").is_some() {
        let shape = cx.sizes("shape")?;
        let count = cx.room::<f64>(&shape)?;
        let bits = unpack(&mask.longs()?, 1, count)?;
        let mask = Array::new(DType::Uint1, &shape, i32::pack(bits))?;
        return one(to_dense(cx, &mask, elements)?);
    }
    one(to_dense(cx, mask, elements)?)
}
