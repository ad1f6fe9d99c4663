//! Numbers as text: integers, and floats as C hexadecimal, exactly.

use std::fmt;

use mil_tensor::DType;

/// The layout of a binary floating-point type.
#[derive(Clone, Copy, Debug)]
struct Layout {
    exponent: u32,
    mantissa: u32,
    /// The largest exponent stands for infinities and NaNs; otherwise only the largest bit pattern is a NaN.
    infinities: bool,
}

impl Layout {
    fn of(dtype: DType) -> Option<Layout> {
        let (exponent, mantissa, infinities) = match dtype {
            DType::Fp16 => (5, 10, true),
            DType::Bf16 => (8, 7, true),
            DType::Fp32 => (8, 23, true),
            DType::Fp64 => (11, 52, true),
            DType::Fp8E5M2 => (5, 2, true),
            DType::Fp8E4M3Fn => (4, 3, false),
            _ => return None,
        };
        Some(Layout { exponent, mantissa, infinities })
    }

    fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    fn sign(self) -> u64 {
        1 << (self.exponent + self.mantissa)
    }

    /// The bits of positive infinity, or of the first pattern that is no number.
    fn ceiling(self) -> u64 {
        match self.infinities {
            true => ((1 << self.exponent) - 1) << self.mantissa,
            false => self.sign() - 1,
        }
    }

    /// The NaN that is written `nan`.
    fn nan(self) -> u64 {
        match self.infinities {
            true => self.ceiling() | 1 << (self.mantissa - 1),
            false => self.ceiling(),
        }
    }

    fn is_nan(self, bits: u64) -> bool {
        let magnitude = bits & (self.sign() - 1);
        if self.infinities { magnitude > self.ceiling() } else { magnitude == self.ceiling() }
    }

    /// The number behind bits that are no NaN; exact.
    fn decode(self, bits: u64) -> f64 {
        let magnitude = bits & (self.sign() - 1);
        let sign = if bits & self.sign() == 0 { 1.0 } else { -1.0 };
        if self.mantissa == 52 {
            return f64::from_bits(bits);
        }
        if self.infinities && magnitude == self.ceiling() {
            return sign * f64::INFINITY;
        }
        let fraction = magnitude & ((1 << self.mantissa) - 1);
        let exponent = (magnitude >> self.mantissa) as i32;
        let (whole, exponent) =
            if exponent == 0 { (fraction, 1) } else { (fraction | 1 << self.mantissa, exponent) };
        sign * scale(whole as f64, exponent - self.bias() - self.mantissa as i32)
    }

    /// The nearest bits, ties to even; `None` for a finite number beyond the range.
    fn encode(self, value: f64) -> Option<u64> {
        if self.mantissa == 52 {
            return Some(value.to_bits());
        }
        let sign = if value.is_sign_negative() { self.sign() } else { 0 };
        let magnitude = value.abs();
        if magnitude.is_infinite() {
            return self.infinities.then(|| sign | self.ceiling());
        }
        let lowest = 1 - self.bias();
        let own = ((magnitude.to_bits() >> 52) as i32) - 1023;
        let exponent = own.max(lowest);
        let steps = scale(magnitude, self.mantissa as i32 - exponent).round_ties_even();
        let bits = (((exponent - lowest) as u64) << self.mantissa) + steps as u64;
        (bits < self.ceiling()).then_some(sign | bits)
    }
}

/// `value * 2^exponent`, in steps that stay in range.
fn scale(mut value: f64, mut exponent: i32) -> f64 {
    let power = |n: i32| f64::from_bits(((n + 1023) as u64) << 52);
    while exponent != 0 && value != 0.0 && value.is_finite() {
        let step = exponent.clamp(-1000, 1000);
        value *= power(step);
        exponent -= step;
    }
    value
}

/// Bytes of an element of a floating-point type; `None` for other types.
pub(super) fn float_size(dtype: DType) -> Option<usize> {
    Layout::of(dtype).map(|layout| ((layout.exponent + layout.mantissa + 1) / 8) as usize)
}

/// Writes a float: `0x1.8p+1`, `0x0p+0`, `-inf`, `nan`, or `nan(0x7e01)` for a NaN with a payload.
pub(super) fn write_float(out: &mut dyn fmt::Write, dtype: DType, bits: u64) -> fmt::Result {
    let Some(layout) = Layout::of(dtype) else { return write!(out, "{bits}") };
    if bits == layout.nan() {
        return out.write_str("nan");
    }
    if layout.is_nan(bits) {
        return write!(out, "nan({bits:#x})");
    }
    let value = layout.decode(bits);
    if value.is_sign_negative() {
        out.write_str("-")?;
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        return out.write_str("inf");
    }
    if magnitude == 0.0 {
        return out.write_str("0x0p+0");
    }
    let (mut mantissa, mut exponent) =
        (magnitude.to_bits() & ((1 << 52) - 1), (magnitude.to_bits() >> 52) as i32 - 1023);
    if exponent == -1023 {
        // A subnormal: shift its leading one to where a normal number has it.
        let shift = mantissa.leading_zeros() - 11;
        mantissa = mantissa << shift & ((1 << 52) - 1);
        exponent = -1022 - shift as i32;
    }
    out.write_str("0x1")?;
    if mantissa != 0 {
        let zeros = mantissa.trailing_zeros() / 4;
        write!(out, ".{:0width$x}", mantissa >> (4 * zeros), width = (13 - zeros) as usize)?;
    }
    write!(out, "p{exponent:+}")
}

/// Writes a float as the shortest decimal that reads as the same bits; infinities and NaNs as [`write_float`]
/// does.
pub(super) fn write_decimal(out: &mut dyn fmt::Write, dtype: DType, bits: u64) -> fmt::Result {
    let finite = |layout: &Layout| !layout.is_nan(bits) && layout.decode(bits).is_finite();
    let Some(layout) = Layout::of(dtype).filter(finite) else { return write_float(out, dtype, bits) };
    let value = layout.decode(bits);
    // 17 digits tell any two floats of 64 bits apart.
    for digits in 0..17 {
        let text = format!("{value:.digits$e}");
        if parse_float(dtype, &text) == Some(bits)
            && let Ok(shortest) = text.parse::<f64>()
        {
            return write!(out, "{shortest:?}");
        }
    }
    write_float(out, dtype, bits)
}

/// The bits of a float: C hexadecimal, decimal, `inf`, `nan`. Rounded to the nearest; `None` for what is no
/// number or beyond the range.
pub(super) fn parse_float(dtype: DType, text: &str) -> Option<u64> {
    let layout = Layout::of(dtype)?;
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    if unsigned == "nan" {
        return Some(layout.nan() | if negative { layout.sign() } else { 0 });
    }
    let magnitude = if unsigned == "inf" {
        f64::INFINITY
    } else if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        parse_hex(digits)?
    } else {
        if !unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
            return None;
        }
        let value = match dtype {
            DType::Fp32 => f64::from(unsigned.parse::<f32>().ok()?),
            _ => unsigned.parse::<f64>().ok()?,
        };
        // A decimal that overflows reads as an infinity, which it does not say.
        value.is_finite().then_some(value)?
    };
    layout.encode(if negative { -magnitude } else { magnitude })
}

/// The bits of a NaN with a payload; `None` if they are those of a number.
pub(super) fn parse_nan(dtype: DType, text: &str) -> Option<u64> {
    let layout = Layout::of(dtype)?;
    let bits = u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
    let highest = layout.sign() | (layout.sign() - 1);
    (bits <= highest && layout.is_nan(bits)).then_some(bits)
}

/// What follows `0x`.
fn parse_hex(digits: &str) -> Option<f64> {
    let (digits, exponent) = match digits.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?.clamp(-100_000, 100_000)),
        None => (digits, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let (mut mantissa, mut dropped, mut sticky) = (0_u64, 0_i32, false);
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = char::from(digit).to_digit(16)?;
        if mantissa >> 58 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
        } else {
            dropped = dropped.checked_add(4)?;
            sticky |= digit != 0;
        }
    }
    let point = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let value = (mantissa | u64::from(sticky)) as f64;
    let scaled = scale(value, exponent.checked_add(dropped)?.checked_sub(point)?);
    scaled.is_finite().then_some(scaled)
}

/// An integer within the range of its type.
pub(super) fn parse_int(dtype: DType, text: &str) -> Option<i128> {
    let value: i128 = text.parse().ok()?;
    let (low, high) = dtype.int_range()?;
    (low..=high).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(dtype: DType, bits: u64) -> String {
        let mut text = String::new();
        write_float(&mut text, dtype, bits).unwrap();
        text
    }

    fn decimal(dtype: DType, bits: u64) -> String {
        let mut text = String::new();
        write_decimal(&mut text, dtype, bits).unwrap();
        text
    }

    fn read(dtype: DType, text: &str) -> Option<u64> {
        match text.strip_prefix("nan(").and_then(|rest| rest.strip_suffix(')')) {
            Some(payload) => parse_nan(dtype, payload),
            None => parse_float(dtype, text),
        }
    }

    #[test]
    fn every_half_and_byte_float_survives() {
        for dtype in [DType::Fp16, DType::Bf16, DType::Fp8E5M2, DType::Fp8E4M3Fn] {
            let count = 1_u64 << (8 * float_size(dtype).unwrap());
            for bits in 0..count {
                for text in [shown(dtype, bits), decimal(dtype, bits)] {
                    assert_eq!(read(dtype, &text), Some(bits), "{dtype} {text}");
                }
            }
        }
    }

    #[test]
    fn wide_floats_survive() {
        for value in [0.0, -0.0, 1.0, -1.5, f64::MIN_POSITIVE, 5e-324, f64::MAX, 0.1, f64::INFINITY] {
            for text in [shown(DType::Fp64, value.to_bits()), decimal(DType::Fp64, value.to_bits())] {
                assert_eq!(parse_float(DType::Fp64, &text), Some(value.to_bits()), "{text}");
            }
        }
        for value in [0.1_f32, f32::MIN_POSITIVE / 8.0, f32::MAX, 1e-45] {
            let bits = value.to_bits().into();
            for text in [shown(DType::Fp32, bits), decimal(DType::Fp32, bits)] {
                assert_eq!(parse_float(DType::Fp32, &text), Some(bits), "{text}");
            }
        }
    }

    #[test]
    fn decimals_are_the_shortest() {
        assert_eq!(decimal(DType::Fp32, 0.1_f32.to_bits().into()), "0.1");
        assert_eq!(decimal(DType::Fp32, 1e-5_f32.to_bits().into()), "1e-5");
        assert_eq!(decimal(DType::Fp32, f32::MAX.to_bits().into()), "3.4028235e38");
        assert_eq!(decimal(DType::Fp16, 0x2e66), "0.1");
        assert_eq!(decimal(DType::Fp16, 0x8000), "-0.0");
        assert_eq!(decimal(DType::Fp16, 0x7c00), "inf");
        assert_eq!(decimal(DType::Fp64, 0.1_f64.to_bits()), "0.1");
    }

    #[test]
    fn spelled_as_c_does() {
        assert_eq!(shown(DType::Fp32, 2_f32.to_bits().into()), "0x1p+1");
        assert_eq!(shown(DType::Fp16, 0x2144), "0x1.51p-7");
        assert_eq!(parse_float(DType::Fp32, "0x1.1000000000000p-20"), Some(0x3588_0000));
        assert_eq!(parse_float(DType::Fp16, "0.25"), Some(0x3400));
        assert_eq!(parse_float(DType::Fp16, "0"), Some(0));
        assert_eq!(parse_float(DType::Fp16, "65520"), None);
        assert_eq!(parse_float(DType::Fp16, "0x1.002p+0"), Some(0x3c00), "ties go to even");
        assert_eq!(parse_float(DType::Fp16, "infinity"), None);
        assert_eq!(parse_float(DType::Fp16, "0x"), None);
    }
}
