//! One value everywhere.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let shape = cx.sizes("shape")?;
    cx.room::<f64>(&shape)?;
    let value = cx.optional("value")?;
    let declared = cx.results.first().and_then(mil_ir::Type::dtype);
    let dtype = value.map(Array::dtype).or(declared).unwrap_or(DType::Fp32);
    one(Array::filled(dtype, &shape, cx.float("value")?, cx.is_double())?)
}
