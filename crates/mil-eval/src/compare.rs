//! How far two arrays are apart.

use half::f16;
use mil_ops::eval::Array;
use mil_tensor::DType;

/// How far an array is from a reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// The shapes or the kinds of elements differ, so that nothing else was compared: how.
    pub mismatch: Option<String>,
    /// Number of elements.
    pub elements: usize,
    /// Elements that are not equal: of floats, whose bits differ; every NaN counts as the same.
    pub different: usize,
    /// Texts that are not equal.
    pub text: usize,
    /// Places where one is NaN and the other is not.
    pub nan: usize,
    /// Places where one is infinite and the other is not the same infinity.
    pub infinite: usize,
    /// Largest difference of finite elements.
    pub max_abs: f64,
    /// Largest difference relative to the reference, of finite elements whose reference is not 0.
    pub max_rel: f64,
    /// Largest difference in units in the last place of the reference's element type, of finite elements.
    pub max_ulp: f64,
    /// Signal to noise over the finite elements, in dB; infinite where they are equal.
    pub snr_db: f64,
}

impl Comparison {
    /// Equal bits, every NaN being the same.
    pub fn is_exact(&self) -> bool {
        self.mismatch.is_none() && self.different == 0
    }
}

/// The distance from one `fp16`, `fp32` or `fp64` number to the next, at the magnitude of a finite value.
pub(crate) fn ulp(value: f64, dtype: DType) -> f64 {
    // Bits of the fraction, and the exponent of the smallest normal number.
    let (digits, least): (i32, i32) = match dtype {
        DType::Fp16 => (10, -14),
        DType::Bf16 => (7, -126),
        DType::Fp64 => (52, -1022),
        _ => (23, -126),
    };
    let exponent = if value == 0.0 { least } else { exponent_of(value).max(least) };
    2_f64.powi(exponent) * 2_f64.powi(-digits)
}

fn exponent_of(value: f64) -> i32 {
    let bits = value.abs().to_bits();
    match (bits >> 52) as i32 {
        // Denormal.
        0 => -1011 - bits.leading_zeros() as i32,
        biased => biased - 1023,
    }
}

/// A number as its element type holds it.
pub(crate) fn rounded(value: f64, dtype: DType) -> f64 {
    match dtype {
        DType::Fp16 => f16::from_f64(value).to_f64(),
        DType::Fp32 => f64::from(value as f32),
        _ => value,
    }
}

/// Measures how far `got` is from `reference`. Floats of different widths are compared in the reference's.
pub fn compare(reference: &Array, got: &Array) -> Comparison {
    let mut result = Comparison { elements: reference.len(), snr_db: f64::INFINITY, ..Comparison::default() };
    let scalars = reference.len() == 1 && got.len() == 1 && reference.rank().max(got.rank()) <= 1;
    if reference.shape() != got.shape() && !scalars {
        result.mismatch = Some(format!("shape {:?}, not {:?}", got.shape(), reference.shape()));
        return result;
    }
    if let (Some(a), Some(b)) = (reference.slice::<String>(), got.slice::<String>()) {
        result.text = a.iter().zip(b).filter(|(a, b)| a != b).count();
        result.different = result.text;
        return result;
    }
    if reference.dtype().is_float() != got.dtype().is_float() {
        result.mismatch = Some(format!("{}, not {}", got.dtype(), reference.dtype()));
        return result;
    }
    let (Ok(a), Ok(b)) = (reference.reals::<f64>(), got.reals::<f64>()) else {
        result.mismatch = Some(format!("{}, not {}", got.dtype(), reference.dtype()));
        return result;
    };
    let (mut signal, mut noise) = (0.0, 0.0);
    for (&a, &b) in a.iter().zip(b.iter()) {
        if a.is_nan() || b.is_nan() {
            if a.is_nan() != b.is_nan() {
                result.nan += 1;
                result.different += 1;
            }
            continue;
        }
        result.different += usize::from(a.to_bits() != b.to_bits());
        if a.is_infinite() || b.is_infinite() {
            result.infinite += usize::from(a != b);
            continue;
        }
        let difference = (a - b).abs();
        signal += a * a;
        noise += difference * difference;
        result.max_abs = result.max_abs.max(difference);
        if a != 0.0 {
            result.max_rel = result.max_rel.max(difference / a.abs());
        }
        result.max_ulp = result.max_ulp.max(difference / ulp(a, reference.dtype()));
    }
    if noise > 0.0 {
        result.snr_db = 10.0 * (signal.max(1e-300) / noise).log10();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(values: &[f32]) -> Array {
        Array::from_vec(&[values.len()], values.to_vec()).unwrap()
    }

    #[test]
    fn equal_arrays_are_exact() {
        let a = floats(&[1.0, f32::NAN, f32::INFINITY]);
        assert!(compare(&a, &a).is_exact());
        assert!(!compare(&floats(&[0.0]), &floats(&[-0.0])).is_exact());
    }

    #[test]
    fn distances_are_measured() {
        let found = compare(&floats(&[1.0, 2.0]), &floats(&[1.0, 2.0 + 2.0 * f32::EPSILON]));
        assert_eq!((found.different, found.max_ulp), (1, 1.0));
        assert!(found.snr_db > 100.0);
        let found = compare(&floats(&[f32::NAN, 1.0]), &floats(&[1.0, f32::INFINITY]));
        assert_eq!((found.nan, found.infinite), (1, 1));
    }

    #[test]
    fn units_in_the_last_place() {
        assert_eq!(ulp(1.0, DType::Fp32), f64::from(f32::EPSILON));
        assert_eq!(ulp(0.0, DType::Fp16), f16::from_bits(1).to_f64());
        assert_eq!(ulp(f64::from_bits(1), DType::Fp64), f64::from_bits(1));
    }
}
