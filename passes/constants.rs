//! Small constants that passes compute.

use half::f16;
use mil_pass::Miss;
use mil_tensor::{DType, Tensor};

/// A vector of this element type, each element rounded once. Refused where a value is not finite in it.
pub(crate) fn to_dtype(values: &[f64], dtype: DType) -> Result<Tensor, Miss> {
    let shape = [values.len()];
    let (tensor, finite) = match dtype {
        DType::Fp16 => {
            let rounded: Vec<f16> = values.iter().map(|&value| f16::from_f64(value)).collect();
            (Tensor::from_slice(&shape, &rounded)?, rounded.iter().all(|value| value.is_finite()))
        }
        DType::Fp32 => {
            let rounded: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            (Tensor::from_slice(&shape, &rounded)?, rounded.iter().all(|value| value.is_finite()))
        }
        other => return Err(Miss(format!("constants of type {other} are not computed").into())),
    };
    if finite { Ok(tensor) } else { Err(Miss::new("a new constant is not finite in its element type")) }
}

/// Whether a constant is `value` up to the rounding of its element type: in fp32 a few units in the last place, in fp16,
/// whose units are coarse enough to hold other constants, rounded to the nearest.
pub(crate) fn is_close(constant: f64, value: f64, dtype: DType) -> bool {
    let tolerance = match dtype {
        DType::Fp16 => 0.5 * f64::from(f16::EPSILON.to_f32()),
        _ => 2.0 * f64::from(f32::EPSILON),
    };
    (constant - value).abs() <= tolerance * value.abs()
}
