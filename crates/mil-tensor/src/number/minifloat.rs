//! Floating-point formats of 8 and 16 bits.
//!
//! Conversions are done on the bits, because those of the processor differ between machines: some
//! round a binary64 to a binary16 twice.

/// A format with a sign bit, `exponent` bits and `mantissa` bits, whose subnormals are gradual.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    exponent: u32,
    mantissa: u32,
    /// The code of the largest finite number.
    max: u16,
    /// The code of what is larger: infinity, or NaN in a format without infinities.
    overflow: u16,
    /// The code of the one NaN that is written.
    nan: u16,
}

/// IEEE 754 binary16.
pub(crate) const FP16: Format =
    Format { exponent: 5, mantissa: 10, max: 0x7BFF, overflow: 0x7C00, nan: 0x7E00 };
/// The upper half of an IEEE 754 binary32.
pub(crate) const BF16: Format =
    Format { exponent: 8, mantissa: 7, max: 0x7F7F, overflow: 0x7F80, nan: 0x7FC0 };
/// OCP E5M2.
pub(crate) const E5M2: Format = Format { exponent: 5, mantissa: 2, max: 0x7B, overflow: 0x7C, nan: 0x7E };
/// OCP E4M3, finite: the highest exponent holds numbers, and one code is NaN.
pub(crate) const E4M3FN: Format = Format { exponent: 4, mantissa: 3, max: 0x7E, overflow: 0x7F, nan: 0x7F };

impl Format {
    const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    const fn sign_bit(self) -> u16 {
        1 << (self.exponent + self.mantissa)
    }

    /// The number that a code stands for; exact.
    #[inline(always)]
    pub(crate) fn decode(self, code: u16) -> f64 {
        let magnitude = code & (self.sign_bit() - 1);
        let sign = u64::from(code & self.sign_bit() != 0) << 63;
        if magnitude > self.max {
            let infinite = magnitude == self.overflow && self.overflow != self.nan;
            return if infinite { f64::from_bits(f64::INFINITY.to_bits() | sign) } else { f64::NAN };
        }
        let exponent = i32::from(magnitude >> self.mantissa);
        let mantissa = u64::from(magnitude) & ((1 << self.mantissa) - 1);
        let power = |exponent: i32| ((exponent + 1023) as u64) << 52;
        let absolute = if exponent == 0 {
            // A small integer times a power of two: no rounding.
            (mantissa as f64 * f64::from_bits(power(1 - self.bias() - self.mantissa as i32))).to_bits()
        } else {
            power(exponent - self.bias()) | mantissa << (52 - self.mantissa)
        };
        f64::from_bits(absolute | sign)
    }

    /// The code of the nearest number, ties to even. What rounds beyond the largest finite number
    /// becomes that number where `saturating` and finite, else infinity, else NaN.
    #[inline(always)]
    pub(crate) fn encode(self, value: f64, saturating: bool) -> u16 {
        let bits = value.to_bits();
        let absolute = bits & !(1 << 63);
        let lowest = ((1024 - self.bias()) as u64) << 52;
        let beyond = ((1023 + self.bias()) as u64) << 52;
        if !(lowest..beyond).contains(&absolute) {
            return self.encode_extreme(value, saturating);
        }
        // Normal, and far from overflow: the bits are rounded as one integer, whose carry goes into the
        // exponent.
        let shift = 52 - self.mantissa;
        let rounded = (absolute + (1 << (shift - 1)) - 1 + (absolute >> shift & 1)) >> shift;
        let sign = (bits >> 63 << (self.exponent + self.mantissa)) as u16;
        (rounded - (((1023 - self.bias()) as u64) << self.mantissa)) as u16 | sign
    }

    /// Zero, subnormal, close to overflow or beyond, or NaN.
    #[inline(never)]
    fn encode_extreme(self, value: f64, saturating: bool) -> u16 {
        if value.is_nan() {
            return self.nan;
        }
        let bits = value.to_bits();
        let sign = if value.is_sign_negative() { self.sign_bit() } else { 0 };
        let exponent = (bits >> 52 & 0x7FF) as i32 - 1023;
        let lowest = 1 - self.bias();
        let shift = 52 - self.mantissa + (lowest - exponent).max(0) as u32;
        let code = if shift > 53 {
            // Less than half of the smallest number.
            0
        } else {
            let significand = bits & ((1 << 52) - 1) | 1 << 52;
            let floor = significand >> shift;
            let rest = significand & ((1 << shift) - 1);
            let half = 1 << (shift - 1);
            let up = rest > half || (rest == half && floor & 1 == 1);
            // The leading bit of `floor`, and a carry out of rounding, add to the exponent.
            (((exponent.max(lowest) - lowest) as u64) << self.mantissa) + floor + u64::from(up)
        };
        let code = match u16::try_from(code) {
            Ok(code) if code <= self.max => code,
            _ if saturating && value.is_finite() => self.max,
            _ => self.overflow,
        };
        code | sign
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Format; 4] = [FP16, BF16, E5M2, E4M3FN];

    #[test]
    fn decoding_agrees_with_the_half_crate() {
        for code in 0..=u16::MAX {
            let (ours, theirs) = (FP16.decode(code), half::f16::from_bits(code).to_f64());
            assert!(ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(), "{code:#x}");
            let (ours, theirs) = (BF16.decode(code), half::bf16::from_bits(code).to_f64());
            assert!(ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(), "{code:#x}");
        }
    }

    #[test]
    fn known_fp8_codes() {
        for (code, value) in [(0x00, 0.0), (0x01, 2_f64.powi(-9)), (0x38, 1.0), (0x7E, 448.0), (0xBC, -1.5)] {
            assert_eq!(E4M3FN.decode(code), value, "{code:#x}");
        }
        assert!(E4M3FN.decode(0x7F).is_nan() && E4M3FN.decode(0xFF).is_nan());
        for (code, value) in
            [(0x01, 2_f64.powi(-16)), (0x3C, 1.0), (0x7B, 57344.0), (0xFC, f64::NEG_INFINITY)]
        {
            assert_eq!(E5M2.decode(code), value, "{code:#x}");
        }
        assert!(E5M2.decode(0x7D).is_nan());
        assert_eq!(E4M3FN.encode(1e9, false), 0x7F);
        assert_eq!(E4M3FN.encode(-1e9, true), 0xFE);
    }

    #[test]
    fn every_code_survives_and_halfway_points_round_to_even() {
        for format in ALL {
            for code in 0..=format.max {
                let value = format.decode(code);
                assert_eq!(format.encode(value, false), code);
                assert_eq!(format.encode(-value, false), code | format.sign_bit());
                let above = if code == format.max {
                    2.0 * value - format.decode(code - 1)
                } else {
                    format.decode(code + 1)
                };
                let next = if code == format.max { format.overflow } else { code + 1 };
                let middle = value + (above - value) / 2.0;
                let even = if code & 1 == 0 { code } else { next };
                assert_eq!(format.encode(middle, false), even, "{format:?} {code:#x}");
                assert_eq!(format.encode(middle.next_down(), false), code, "{format:?} {code:#x}");
                assert_eq!(format.encode(middle.next_up(), false), next, "{format:?} {code:#x}");
            }
        }
    }

    #[test]
    fn overflow_saturates_only_on_request_and_only_finite_numbers() {
        assert_eq!(FP16.encode(65520.0, false), 0x7C00);
        assert_eq!(FP16.encode(65520.0, true), 0x7BFF);
        assert_eq!(FP16.encode(f64::NEG_INFINITY, true), 0xFC00);
        assert_eq!(FP16.encode(f64::MAX, false), 0x7C00);
        assert_eq!(FP16.encode(f64::MIN_POSITIVE, false), 0);
        assert_eq!(FP16.encode(-0.0, false), 0x8000);
        assert_eq!(FP16.encode(f64::from_bits(0xFFF8_0000_0000_0001), false), 0x7E00);
    }
}
