//! Order statistics of magnitudes, counted rather than sorted.

use half::f16;
use mil_tensor::{DType, Tensor};

use crate::distribution::Histogram;
use crate::read::{Reader, TILE};
use crate::{CompressError, par};

/// Elements that one core counts before another may help.
const SHARE: usize = 1 << 20;

/// The place of the largest element that becomes zero, of `count` in ascending order: as percentiles are
/// counted. `None`: none becomes zero.
pub(super) fn place(part: f64, count: usize) -> Option<usize> {
    (part > 0.0 && count > 0).then(|| ((part * (count - 1) as f64).floor() as usize).min(count - 1))
}

/// The magnitude at the place of a part of all elements; 0 where nothing becomes zero.
pub(super) fn magnitude(tensor: &Tensor, part: f64) -> Result<f32, CompressError> {
    let Some(place) = place(part, tensor.len()) else { return Ok(0.0) };
    let place = place as u64;
    if tensor.dtype() == DType::Fp16 {
        let (mut before, mut found) = (0, None);
        Histogram::of(tensor, 0, tensor.len())?.take_magnitudes(|magnitude, count| {
            before += count;
            if found.is_none() && before > place {
                found = Some(f16::from_bits(magnitude).to_f32());
            }
        })?;
        return Ok(found.unwrap_or(0.0));
    }
    // The upper half of the bits first, then the lower half of those.
    let upper = count(tensor, |bits| Some(bits >> 16))?;
    if upper[0x7F80..].iter().any(|&count| count > 0) {
        return Err(CompressError::NotFinite);
    }
    let (upper, before) = rank(&upper, place);
    let lower = count(tensor, |bits| (bits >> 16 == upper).then_some(bits & 0xFFFF))?;
    let (lower, _) = rank(&lower, place - before);
    Ok(f32::from_bits(upper << 16 | lower))
}

/// How often each number of 16 bits occurs that `digit` makes of the bits of a magnitude.
fn count(
    tensor: &Tensor,
    digit: impl Fn(u32) -> Option<u32> + Send + Sync,
) -> Result<Vec<u64>, CompressError> {
    let parts = (tensor.len() / SHARE).clamp(1, 16).min(par::cores());
    let part = tensor.len().div_ceil(parts);
    let counted = par::map(parts, |at| {
        let mut reader = Reader::new(tensor);
        let mut counts = vec![0_u64; 1 << 16];
        let end = ((at + 1) * part).min(tensor.len());
        for at in (at * part..end).step_by(TILE) {
            for value in reader.floats(at, TILE.min(end - at))?.iter() {
                if let Some(digit) = digit(value.abs().to_bits()) {
                    counts[digit as usize] += 1;
                }
            }
        }
        Ok(counts)
    })?;
    let mut all = vec![0; 1 << 16];
    for counts in counted {
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
    }
    Ok(all)
}

/// The number at a place, and how many are before the first like it.
fn rank(counts: &[u64], place: u64) -> (u32, u64) {
    let mut before = 0;
    for (number, &count) in counts.iter().enumerate() {
        if before + count > place {
            return (number as u32, before);
        }
        before += count;
    }
    (0, before)
}

/// The largest single that is not above a number.
pub(super) fn single_below(number: f64) -> f32 {
    let single = number as f32;
    if f64::from(single) > number { single.next_down() } else { single }
}

/// The code of the largest half float that is not above a number that is not negative.
pub(super) fn half_below(number: f32) -> i16 {
    let half = f16::from_f32(number);
    let code = half.to_bits() as i16;
    if half.to_f32() > number { code - 1 } else { code }
}
