//! `reshape`: a 0 in `shape` means the size at its place until iOS16, and the one as far from the end from
//! iOS17 on. With as many sizes as `x` has axes both are the same, and older opsets have it only so.

use mil_tensor::{DType, Tensor};

use super::Site;

pub(super) fn lower(site: &mut Site<'_>) -> Result<(), String> {
    let call = site.call()?;
    let rank = call.dims("x").ok().flatten().map(<[_]>::len);
    let sizes = call.dims_of("shape").and_then(|dims| dims.first()).and_then(|dim| dim.fixed());
    if rank.is_some() && rank.map(|rank| rank as u64) == sizes {
        return Ok(());
    }
    let elements = call.elements("shape").unwrap_or_default();
    let is_positive = |size: &Option<mil_ir::SymExpr>| {
        let bounds = size.as_ref().map(mil_ir::SymExpr::bounds);
        bounds.and_then(|bounds| bounds.lower).is_some_and(|lower| lower > 0)
            || size.as_ref().and_then(mil_ir::SymExpr::as_constant) == Some(-1)
    };
    if !elements.is_empty() && elements.iter().all(is_positive) {
        return Ok(());
    }
    let zero =
        |size: &Option<mil_ir::SymExpr>| size.as_ref().and_then(mil_ir::SymExpr::as_constant) == Some(0);
    let known = call.constant("shape").and_then(|shape| shape.to_i64s().ok());
    let (Some(mut numbers), true) = (known, elements.iter().any(zero)) else {
        return Err("shape may hold a 0, which means another size before iOS17".into());
    };
    let dims = call.dims("x").ok().flatten().unwrap_or_default();
    let count = numbers.len();
    for (at, number) in numbers.iter_mut().enumerate().filter(|(_, number)| **number == 0) {
        let size = match (at + dims.len()).checked_sub(count) {
            Some(place) => {
                dims.get(place).and_then(|dim| dim.fixed()).and_then(|size| i64::try_from(size).ok())
            }
            None => Some(1),
        };
        *number =
            size.ok_or("shape holds a 0 for a size that is not fixed, which means another one before iOS17")?;
    }
    let numbers: Vec<f64> = numbers.into_iter().map(|number| number as f64).collect();
    let shape = Tensor::from_f64s(DType::Int32, &[count], &numbers).map_err(|error| error.to_string())?;
    let op = site.op;
    site.graph.set_operand(op, "shape", 0, shape);
    Ok(())
}
