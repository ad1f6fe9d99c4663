//! Small constants that passes compute.

use half::f16;
use mil_pass::Miss;
use mil_tensor::{DType, Tensor};

/// A vector of this element type, each element rounded once. Refused where a value is not finite in it.
pub(crate) fn to_dtype(values: &[f64], dtype: DType) -> Result<Tensor, Miss> {
    if !matches!(dtype, DType::Fp16 | DType::Fp32) {
        return Err(Miss(format!("constants of type {dtype} are not computed").into()));
    }
    if !values.iter().all(|&value| fits(value, dtype)) {
        return Err(Miss::new("a new constant is not finite in its element type"));
    }
    Ok(Tensor::from_f64s(dtype, &[values.len()], values)?)
}

/// A value is finite in an element type, once it is rounded to it.
pub(crate) fn fits(value: f64, dtype: DType) -> bool {
    match dtype {
        // Half a unit in the last place beyond the largest number rounds to infinity.
        DType::Fp16 => value.abs() < f64::from(f16::MAX.to_f32()) + 16.0,
        _ => (value as f32).is_finite(),
    }
}

/// Whether a constant is `value` up to the rounding of its element type: a few units in the last place.
pub(crate) fn is_close(constant: f64, value: f64, dtype: DType) -> bool {
    let epsilon = match dtype {
        DType::Fp16 => f64::from(f16::EPSILON.to_f32()),
        _ => f64::from(f32::EPSILON),
    };
    (constant - value).abs() <= 2.0 * epsilon * value.abs()
}
