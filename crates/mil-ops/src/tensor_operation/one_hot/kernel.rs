//! `on_value` at the places that the indices name, else `off_value`. An index out of bounds names no place.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let indices = cx.array("indices")?;
    let size = cx.size("one_hot_vector_size")?;
    let axis = cx.axis("axis", indices.rank() + 1)?;
    let (on, off) = (cx.float("on_value")?, cx.float("off_value")?);
    let like = cx.optional("on_value")?.or(cx.optional("off_value")?);
    let declared = cx.results.first().and_then(mil_ir::Type::dtype);
    let dtype = like.map(Array::dtype).or(declared).unwrap_or(DType::Int32);
    let mut shape: Shape = indices.shape().into();
    shape.insert(axis, size);
    let (_, _, inner) = strided::around(&shape, axis);
    let ids = indices.longs()?;
    let values = cx.zeros::<f64>(&shape)?;
    let values = values.iter().enumerate().map(|(at, _)| {
        let (outer, place, rest) = (at / inner / size, at / inner % size, at % inner);
        if ids[outer * inner + rest] == place as i64 { on } else { off }
    });
    let values = Array::from_vec(&shape, values.collect::<Vec<f64>>())?;
    one(crate::eval::convert(cx, &values, dtype)?)
}
