//! Elements or vectors of look-up tables. Before iOS18 there is one table, and indices are packed bits.

use crate::eval::compressed::{look_up, unpack};
use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (indices, table) = (cx.array("indices")?, cx.array("lut")?);
    if cx.value("shape").is_some() {
        let shape = cx.sizes("shape")?;
        let count = cx.room::<f64>(&shape)?;
        ensure!(table.len().is_power_of_two(), "a table of {} entries", table.len());
        let bits = table.len().trailing_zeros() as usize;
        let places = unpack(&indices.longs()?, bits, count)?;
        let data = rearranged!(table.data(), values => {
            Ok::<_, EvalError>(places.iter().map(|&place| values[place as usize].clone()).collect::<Vec<_>>())
        })?;
        return one(table.with_data(&shape, data)?);
    }
    let axis =
        if cx.value("vector_axis").is_some() { Some(cx.axis("vector_axis", indices.rank())?) } else { None };
    one(look_up(cx, indices, table, axis)?)
}
