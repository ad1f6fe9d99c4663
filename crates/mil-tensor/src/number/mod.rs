//! Numbers of every element type, to and from wide elements (see [`crate::pack`]).
//!
//! These are the rules of [`Tensor::cast`](crate::Tensor::cast). They depend on no processor.

mod minifloat;

use minifloat::{BF16, E4M3FN, E5M2, FP16};

use crate::DType;
use crate::limits::LANES;

/// The elements as `f64`: exact but for 64-bit integers, which are rounded to nearest.
pub(crate) fn decode_f64(dtype: DType, wide: &[u8], out: &mut [f64]) {
    macro_rules! each {
        ($rust:ty, $convert:expr) => {{
            let (elements, _) = wide.as_chunks::<{ size_of::<$rust>() }>();
            for (value, &bytes) in out.iter_mut().zip(elements) {
                *value = $convert(<$rust>::from_le_bytes(bytes));
            }
        }};
    }
    match dtype {
        DType::Fp16 => each!(u16, |code| FP16.decode(code)),
        DType::Bf16 => each!(u16, |code| BF16.decode(code)),
        DType::Fp8E5M2 => each!(u8, |code| E5M2.decode(u16::from(code))),
        DType::Fp8E4M3Fn => each!(u8, |code| E4M3FN.decode(u16::from(code))),
        DType::Fp32 => each!(f32, f64::from),
        DType::Fp64 => each!(f64, |value| value),
        DType::Bool => each!(u8, |value| f64::from(u8::from(value != 0))),
        DType::Int4 | DType::Int8 => each!(i8, f64::from),
        DType::Int16 => each!(i16, f64::from),
        DType::Int32 => each!(i32, f64::from),
        DType::Int64 => each!(i64, |value| value as f64),
        DType::Uint1 | DType::Uint2 | DType::Uint3 | DType::Uint4 | DType::Uint6 | DType::Uint8 => {
            each!(u8, f64::from)
        }
        DType::Uint16 => each!(u16, f64::from),
        DType::Uint32 => each!(u32, f64::from),
        DType::Uint64 => each!(u64, |value| value as f64),
        // No numbers; callers ask `wide_size` first.
        DType::String | DType::Unknown(_) => {}
    }
}

/// The nearest elements, ties to even; integers truncate toward zero and saturate, with NaN as 0.
/// Every NaN becomes the same one. `saturating`: finite values that overflow a float type become its
/// largest finite number, not infinity.
pub(crate) fn encode_f64(dtype: DType, values: &[f64], saturating: bool, wide: &mut [u8]) {
    macro_rules! each {
        ($rust:ty, $convert:expr) => {{
            let (elements, _) = wide.as_chunks_mut::<{ size_of::<$rust>() }>();
            for (bytes, &value) in elements.iter_mut().zip(values) {
                let value: $rust = $convert(value);
                *bytes = value.to_le_bytes();
            }
        }};
    }
    match dtype {
        DType::Fp16 => each!(u16, |value| FP16.encode(value, saturating)),
        DType::Bf16 => each!(u16, |value| BF16.encode(value, saturating)),
        DType::Fp8E5M2 => each!(u8, |value| E5M2.encode(value, saturating) as u8),
        DType::Fp8E4M3Fn => each!(u8, |value| E4M3FN.encode(value, saturating) as u8),
        DType::Fp32 => each!(f32, |value: f64| {
            let single = if value.is_nan() { f32::NAN } else { value as f32 };
            if saturating && value.is_finite() { single.clamp(f32::MIN, f32::MAX) } else { single }
        }),
        DType::Fp64 => each!(f64, |value: f64| if value.is_nan() { f64::NAN } else { value }),
        DType::Bool => each!(u8, |value| u8::from(value != 0.0)),
        DType::Int64 => each!(i64, |value| value as i64),
        DType::Uint64 => each!(u64, |value| value as u64),
        DType::Int32 => each!(i32, |value| value as i32),
        DType::Uint32 => each!(u32, |value| value as u32),
        DType::Int16 => each!(i16, |value| value as i16),
        DType::Uint16 => each!(u16, |value| value as u16),
        DType::Int8 => each!(i8, |value| value as i8),
        DType::Uint8 => each!(u8, |value| value as u8),
        DType::Int4 => each!(i8, |value| (value as i8).clamp(-8, 7)),
        DType::Uint1 => each!(u8, |value| (value as u8).min(1)),
        DType::Uint2 => each!(u8, |value| (value as u8).min(3)),
        DType::Uint3 => each!(u8, |value| (value as u8).min(7)),
        DType::Uint4 => each!(u8, |value| (value as u8).min(15)),
        DType::Uint6 => each!(u8, |value| (value as u8).min(63)),
        DType::String | DType::Unknown(_) => {}
    }
}

/// The elements of an integer or boolean type.
pub(crate) fn decode_int(dtype: DType, wide: &[u8], out: &mut [i128]) {
    macro_rules! each {
        ($rust:ty) => {{
            let (elements, _) = wide.as_chunks::<{ size_of::<$rust>() }>();
            for (value, &bytes) in out.iter_mut().zip(elements) {
                *value = i128::from(<$rust>::from_le_bytes(bytes));
            }
        }};
    }
    match dtype {
        DType::Bool => {
            for (value, &byte) in out.iter_mut().zip(wide) {
                *value = i128::from(byte != 0);
            }
        }
        DType::Int4 | DType::Int8 => each!(i8),
        DType::Int16 => each!(i16),
        DType::Int32 => each!(i32),
        DType::Int64 => each!(i64),
        DType::Uint16 => each!(u16),
        DType::Uint32 => each!(u32),
        DType::Uint64 => each!(u64),
        _ => each!(u8),
    }
}

/// The elements of an integer or boolean type: the low bits as two's complement, or where
/// `saturating` the nearest value of the type.
fn encode_int(dtype: DType, values: &[i128], saturating: bool, wide: &mut [u8]) {
    let Some(size) = crate::pack::wide_size(dtype) else { return };
    let bits = dtype.bits().unwrap_or(8);
    for (bytes, &value) in wide.chunks_exact_mut(size).zip(values) {
        let value = match dtype.int_range() {
            None => i128::from(value != 0),
            Some((min, max)) if saturating => value.clamp(min, max),
            Some((min, max)) => {
                let low = value & ((1 << bits) - 1);
                if min < 0 && low > max { low - (1 << bits) } else { low }
            }
        };
        bytes.copy_from_slice(&value.to_le_bytes()[..size]);
    }
}

/// Wide elements of one type as those of another. Integers and booleans convert exactly where they
/// can; with a float type on either side the value passes through `f64`.
pub(crate) fn convert(from: DType, source: &[u8], to: DType, out: &mut [u8], saturating: bool) {
    let (Some(read), Some(write)) = (crate::pack::wide_size(from), crate::pack::wide_size(to)) else {
        return;
    };
    let pieces = source.chunks(LANES * read).zip(out.chunks_mut(LANES * write));
    if from.is_float() || to.is_float() {
        let mut numbers = [0.0; LANES];
        for (source, out) in pieces {
            let numbers = &mut numbers[..source.len() / read];
            decode_f64(from, source, numbers);
            encode_f64(to, numbers, saturating, out);
        }
    } else {
        let mut numbers = [0; LANES];
        for (source, out) in pieces {
            let numbers = &mut numbers[..source.len() / read];
            decode_int(from, source, numbers);
            encode_int(to, numbers, saturating, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(from: DType, source: &[u8], to: DType, saturating: bool) -> Vec<u8> {
        let mut out = vec![0; crate::pack::wide_size(to).unwrap()];
        convert(from, source, to, &mut out, saturating);
        out
    }

    fn from_f32(value: f32, to: DType, saturating: bool) -> i64 {
        let wide = one(DType::Fp32, &value.to_le_bytes(), to, saturating);
        let mut out = [0];
        decode_int(to, &wide, &mut out);
        out[0] as i64
    }

    #[test]
    fn floats_truncate_and_saturate_to_integers() {
        assert_eq!(from_f32(-2.9, DType::Int8, false), -2);
        assert_eq!(from_f32(300.0, DType::Int8, false), 127);
        assert_eq!(from_f32(-9.0, DType::Int4, false), -8);
        assert_eq!(from_f32(99.0, DType::Uint6, false), 63);
        assert_eq!(from_f32(-1.0, DType::Uint64, false), 0);
        assert_eq!(from_f32(f32::NAN, DType::Int32, false), 0);
        assert_eq!(from_f32(f32::INFINITY, DType::Int64, false), i64::MAX);
        assert_eq!(from_f32(f32::NAN, DType::Bool, false), 1);
        assert_eq!(from_f32(-0.0, DType::Bool, false), 0);
    }

    #[test]
    fn integers_wrap_or_saturate() {
        let wide = 300_i32.to_le_bytes();
        assert_eq!(one(DType::Int32, &wide, DType::Uint8, false), [44]);
        assert_eq!(one(DType::Int32, &wide, DType::Uint8, true), [255]);
        assert_eq!(one(DType::Int32, &wide, DType::Bool, false), [1]);
        assert_eq!(one(DType::Int32, &(-9_i32).to_le_bytes(), DType::Int4, false), [7]);
        assert_eq!(one(DType::Int32, &(-9_i32).to_le_bytes(), DType::Int4, true), [0xF8]);
        assert_eq!(one(DType::Int64, &(-1_i64).to_le_bytes(), DType::Uint64, false), u64::MAX.to_le_bytes());
        assert_eq!(one(DType::Int4, &[0xF8], DType::Int16, false), (-8_i16).to_le_bytes());
    }

    #[test]
    fn a_double_is_rounded_once() {
        // Above the middle of two fp16 by less than an fp32 can tell.
        let value = 1.0 + 2_f64.powi(-11) + 2_f64.powi(-40);
        assert_eq!(one(DType::Fp64, &value.to_le_bytes(), DType::Fp16, false), 0x3C01_u16.to_le_bytes());
        assert_eq!(one(DType::Fp64, &1e300_f64.to_le_bytes(), DType::Fp32, true), f32::MAX.to_le_bytes());
        assert_eq!(
            one(DType::Fp64, &1e300_f64.to_le_bytes(), DType::Fp32, false),
            f32::INFINITY.to_le_bytes()
        );
    }
}
