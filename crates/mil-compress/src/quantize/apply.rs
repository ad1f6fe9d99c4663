//! The integers themselves, computed when they are read.

use mil_tensor::{Computation, DType, Tensor, TensorError, vectorized};

use super::{Integers, Parameters};
use crate::blocks::Segment;
use crate::palette::{key, unwrap};
use crate::read::{Reader, TILE};
use crate::{Blocks, CompressError};

/// Added to a number of less than 22 bits, it leaves the nearest integer in the lowest bits, ties to even:
/// rounding that every vector unit has.
pub(super) const ROUND: f32 = 12_582_912.0;

/// The integers of a weight.
pub(super) fn integers(
    weight: &Tensor,
    blocks: &Blocks,
    parameters: Vec<Parameters>,
    integers: Integers,
    dtype: DType,
) -> Result<Tensor, CompressError> {
    let inverse = parameters.iter().map(|found| found.scale.recip()).collect();
    let zeros: Vec<i32> = parameters.iter().map(|found| found.zero).collect();
    let to_float = |number: i32| number as f32;
    let computation = Integral {
        source: weight.nestable()?,
        blocks: blocks.clone(),
        inverse,
        low: zeros.iter().map(|zero| to_float(integers.least - zero)).collect(),
        high: zeros.iter().map(|zero| to_float(integers.most - zero)).collect(),
        zeros: zeros.iter().map(|&zero| zero as u8).collect(),
    };
    Ok(Tensor::computed_by(dtype, weight.shape(), computation)?)
}

/// `round(w / scale)` within a range, plus a zero point.
#[derive(Debug)]
struct Integral {
    source: Tensor,
    blocks: Blocks,
    inverse: Vec<f32>,
    /// The range, before the zero point is added.
    low: Vec<f32>,
    high: Vec<f32>,
    zeros: Vec<u8>,
}

impl Computation for Integral {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        let floats = [&self.inverse, &self.low, &self.high].into_iter().flatten();
        let numbers = floats.map(|number| u64::from(number.to_bits()));
        key(b"integers", &self.blocks, numbers.chain(self.zeros.iter().map(|&zero| u64::from(zero))))
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let mut reader = Reader::new(&self.source);
        for (i, out) in out.chunks_mut(TILE).enumerate() {
            let first = first + i * TILE;
            let values = &*reader.floats(first, out.len()).map_err(unwrap)?;
            integers_of(self, first, values, out);
        }
        Ok(())
    }
}

vectorized! {
    /// The integers of elements from element `first` on.
    fn integers_of<'i, 'v, 'o>(found: &'i Integral, first: usize, values: &'v [f32], out: &'o mut [u8]) {
        let Integral { inverse, low, high, zeros, .. } = found;
        for (range, segment) in found.blocks.segments(first, out.len()) {
            let (values, out) = (&values[range.clone()], &mut out[range]);
            match segment {
                Segment::Same(at) => {
                    let (inverse, low, high, zero) = (inverse[at], low[at], high[at], zeros[at]);
                    for (out, &value) in out.iter_mut().zip(values) {
                        *out = round(clamp(value * inverse, low, high)).wrapping_add(zero);
                    }
                }
                Segment::Each(at) => {
                    let (inverse, low, high) = (&inverse[at..], &low[at..], &high[at..]);
                    let each = out.iter_mut().zip(values).zip(inverse).zip(low.iter().zip(high));
                    for ((((out, &value), &inverse), (&low, &high)), &zero) in each.zip(&zeros[at..]) {
                        *out = round(clamp(value * inverse, low, high)).wrapping_add(zero);
                    }
                }
            }
        }
    }
}

/// The nearest integer, ties to even, as two's complement.
#[inline(always)]
fn round(value: f32) -> u8 {
    (value + ROUND).to_bits() as u8
}

/// No less than `low`, no more than `high`, in the form that vector units have.
#[inline(always)]
pub(super) fn clamp(value: f32, low: f32, high: f32) -> f32 {
    let value = if value > low { value } else { low };
    if value < high { value } else { high }
}
