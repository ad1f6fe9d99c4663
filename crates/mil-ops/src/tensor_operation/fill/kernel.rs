//! One value everywhere, or an array that broadcasts to the shape, as in NumPy.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let shape = cx.sizes("shape")?;
    cx.room::<f64>(&shape)?;
    let value = cx.optional("value")?;
    if let Some(value) = value.filter(|value| value.len() != 1) {
        let axes = strided::stretched(value.shape(), &shape)?;
        return one(strided::view(cx, value, 0, &axes)?);
    }
    let declared = cx.results.first().and_then(mil_ir::Type::dtype);
    let dtype = value.map(Array::dtype).or(declared).unwrap_or(DType::Fp32);
    one(Array::filled(dtype, &shape, cx.float("value")?, cx.is_double())?)
}
