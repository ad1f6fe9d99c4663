//! Random elements that nobody stores: each follows from the seed and its place, whenever it is read.

use half::{bf16, f16};
use mil_tensor::random::Stream;
use mil_tensor::{DType, Source};

/// The bytes of a tensor of random numbers between two bounds.
#[derive(Debug)]
pub(super) struct RandomSource {
    pub(super) seed: u64,
    pub(super) dtype: DType,
    /// Bits of an element, at most 64.
    pub(super) bits: u32,
    /// The bounds, which the first and the last element have: what is drawn in the place of what was drawn is
    /// the same.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Elements.
    pub(super) elements: u64,
    /// Bytes in all.
    pub(super) bytes: u64,
    /// Bits that count; those behind them in the last byte are 0.
    pub(super) used_bits: u64,
}

impl Source for RandomSource {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.bytes) {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        // The element that was computed last: several bytes of it, or it and others in one byte.
        let mut known = (u64::MAX, 0);
        for (at, byte) in (offset..).zip(out) {
            let mut value = 0;
            let mut bit = 0;
            while bit < 8 {
                let place = at * 8 + u64::from(bit);
                let (index, shift) = (place / u64::from(self.bits), place % u64::from(self.bits));
                if known.0 != index {
                    known = (index, self.element(index));
                }
                // As many bits as the element and the byte have in common from here on.
                let count = (8 - bit).min(self.bits - shift as u32);
                let part = (known.1 >> shift) & ((1_u64 << count) - 1);
                value |= (part as u8) << bit;
                bit += count;
            }
            let left = self.used_bits.saturating_sub(at * 8).min(8);
            *byte = value & ((1_u16 << left) - 1) as u8;
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.bytes
    }
}

impl RandomSource {
    /// The bits of an element.
    fn element(&self, index: u64) -> u64 {
        let part = Stream::new(self.seed.wrapping_add(index)).unit();
        let width = self.high - self.low;
        let value = match index {
            0 => self.low,
            last if last + 1 == self.elements => self.high,
            _ if self.dtype.is_float() => self.low + part * width,
            // Of integers, both bounds can be drawn.
            _ => self.low + (part * (width + 1.0)).floor(),
        };
        match self.dtype {
            DType::Fp16 => u64::from(f16::from_f64(value).to_bits()),
            DType::Bf16 => u64::from(bf16::from_f64(value).to_bits()),
            DType::Fp32 => u64::from((value as f32).to_bits()),
            DType::Fp64 => value.to_bits(),
            // Negative ones are two's complements.
            _ => value as i64 as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mil_tensor::{Blob, Tensor};

    use super::*;

    fn tensor(dtype: DType, len: usize, low: f64, high: f64) -> Tensor {
        let bits = dtype.bits().unwrap() as u32;
        let bytes = dtype.byte_len(len).unwrap() as u64;
        let used_bits = len as u64 * u64::from(bits);
        let source = RandomSource { seed: 3, dtype, bits, low, high, elements: len as u64, bytes, used_bits };
        let blob = Blob { source: Arc::new(source), range: 0..bytes };
        Tensor::from_blob(dtype, &[len], blob).unwrap()
    }

    #[test]
    fn elements_lie_within_the_bounds_in_every_type() {
        for (dtype, low, high) in [
            (DType::Fp16, -0.5, 0.5),
            (DType::Fp32, 0.25, 8.0),
            (DType::Int8, -3.0, 5.0),
            (DType::Uint8, 0.0, 255.0),
            (DType::Int4, -8.0, 7.0),
            (DType::Uint3, 1.0, 6.0),
            (DType::Uint6, 0.0, 40.0),
        ] {
            let values = tensor(dtype, 1001, low, high).to_f64s().unwrap();
            let (least, most) =
                values.iter().fold((f64::MAX, f64::MIN), |(a, b), &value| (a.min(value), b.max(value)));
            assert!(least >= low && most <= high, "{dtype}: {least}..{most}");
            assert!(most - least > 0.8 * (high - low), "{dtype}: {least}..{most}");
        }
    }

    #[test]
    fn a_part_is_what_it_is_in_the_whole() {
        let whole = tensor(DType::Uint3, 1001, 0.0, 7.0);
        let bytes = whole.bytes().unwrap();
        let mut part = vec![0; 17];
        whole.read_bytes(101, &mut part).unwrap();
        assert_eq!(part, bytes[101..118]);
        // 1001 elements of 3 bits end in the fourth bit of the last byte.
        assert_eq!(bytes.last().unwrap() >> 3, 0);
    }
}
