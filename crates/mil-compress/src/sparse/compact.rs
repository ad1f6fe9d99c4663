//! The elements that a mask keeps, one after another; and the inverse.

use std::sync::Arc;

use mil_tensor::{Computation, DType, Tensor, TensorError, vectorized};

use crate::{CompressError, par};

/// Elements of the mask in one step: what stands before a step is known.
const STEP: usize = 32 << 10;

/// How many elements a mask keeps before each step.
#[derive(Clone, Debug)]
pub struct Counts(Arc<[usize]>);

impl Counts {
    /// Counts what a mask of single bits keeps.
    pub fn of(mask: &Tensor) -> Result<Counts, CompressError> {
        let buffer = || vec![0; STEP.min(mask.len())];
        let steps = par::map_with(mask.len().div_ceil(STEP), buffer, |bits, step| {
            let bits = &mut bits[..STEP.min(mask.len() - step * STEP)];
            read_bits(mask, step * STEP, bits)?;
            Ok(ones(bits))
        })?;
        let mut before = vec![0];
        let mut sum = 0;
        before.extend(steps.into_iter().map(|kept| {
            sum += kept;
            sum
        }));
        Ok(Counts(before.into()))
    }

    /// Elements that are kept.
    pub fn kept(&self) -> usize {
        self.0.last().copied().unwrap_or(0)
    }
}

vectorized! {
    /// How many bits are set, each of which has a byte of its own.
    fn ones<'b>(bits: &'b [u8]) -> usize {
        // As many as a byte counts.
        let count = |bits: &[u8]| usize::from(bits.iter().fold(0_u8, |sum, bit| sum.wrapping_add(*bit)));
        bits.chunks(128).map(count).sum()
    }
}

/// The elements of a tensor where a mask of the same shape has a bit, in row-major order.
pub fn compact(source: &Tensor, mask: &Tensor, counts: &Counts) -> Result<Tensor, CompressError> {
    if source.len() != mask.len() {
        return Err(CompressError::Option("the mask has another shape than the weight".into()));
    }
    let operands = [source.nestable()?, mask.nestable()?];
    Ok(Tensor::computed_by(source.dtype(), &[counts.kept()], Compact { operands, counts: counts.clone() })?)
}

/// The elements in the places where a mask has a bit, zeros elsewhere: the inverse of [`compact`].
pub fn expand(elements: &Tensor, mask: &Tensor, counts: &Counts) -> Result<Tensor, CompressError> {
    if elements.len() != counts.kept() {
        let text = format!("{} elements for a mask that keeps {}", elements.len(), counts.kept());
        return Err(CompressError::Option(text));
    }
    let operands = [elements.nestable()?, mask.nestable()?];
    Ok(Tensor::computed_by(elements.dtype(), mask.shape(), Expand { operands, counts: counts.clone() })?)
}

#[derive(Debug)]
struct Compact {
    /// The elements and the mask.
    operands: [Tensor; 2],
    counts: Counts,
}

impl Computation for Compact {
    fn operands(&self) -> &[Tensor] {
        &self.operands
    }

    fn key(&self) -> Vec<u8> {
        b"compact".to_vec()
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let [source, mask] = &self.operands;
        let size = source.dtype().bits().unwrap_or(8).div_ceil(8);
        let end = first + out.len() / size;
        let before = &self.counts.0;
        // The last step before which no more than `first` elements are kept.
        let mut step = before.partition_point(|&kept| kept <= first).saturating_sub(1);
        let step_len = STEP.min(mask.len());
        let mut bits = vec![0; step_len];
        let mut elements = vec![0; step_len * size];
        // One more, as what is not kept is written as well, and then written over.
        let mut kept = vec![0; (step_len + 1) * size];
        let mut at = first;
        while at < end {
            let begin = step * STEP;
            let bits = &mut bits[..STEP.min(mask.len() - begin)];
            let elements = &mut elements[..bits.len() * size];
            read_bits(mask, begin, bits)?;
            source.read_elements(begin, elements)?;
            match size {
                1 => keep::<1>(elements, bits, &mut kept),
                2 => keep::<2>(elements, bits, &mut kept),
                4 => keep::<4>(elements, bits, &mut kept),
                _ => keep::<8>(elements, bits, &mut kept),
            }
            let from = (at - before[step]) * size;
            let count = ((before[step + 1] - before[step]) * size - from).min((end - at) * size);
            let place = (at - first) * size;
            out[place..place + count].copy_from_slice(&kept[from..from + count]);
            at += count / size;
            step += 1;
        }
        Ok(())
    }
}

/// Puts the elements that are kept one after another, without branches, which would be guessed wrong half of
/// the time.
fn keep<const SIZE: usize>(elements: &[u8], bits: &[u8], kept: &mut [u8]) {
    let ((elements, _), (kept, _)) = (elements.as_chunks::<SIZE>(), kept.as_chunks_mut::<SIZE>());
    let mut at = 0;
    for (element, &bit) in elements.iter().zip(bits) {
        kept[at] = *element;
        at += usize::from(bit & 1);
    }
}

#[derive(Debug)]
struct Expand {
    /// The elements and the mask.
    operands: [Tensor; 2],
    counts: Counts,
}

impl Computation for Expand {
    fn operands(&self) -> &[Tensor] {
        &self.operands
    }

    fn key(&self) -> Vec<u8> {
        b"expand".to_vec()
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let [source, mask] = &self.operands;
        let size = source.dtype().bits().unwrap_or(8).div_ceil(8);
        let end = first + out.len() / size;
        let mut bits = vec![0; STEP.min(mask.len())];
        let mut elements = Vec::new();
        for step in first / STEP..end.div_ceil(STEP) {
            let begin = step * STEP;
            let bits = &mut bits[..STEP.min(mask.len() - begin)];
            read_bits(mask, begin, bits)?;
            // Which bits belong to the range, and how many are set before them.
            let (low, high) = (first.max(begin) - begin, end.min(begin + bits.len()) - begin);
            let before = self.counts.0[step] + ones(&bits[..low]);
            let bits = &bits[low..high];
            elements.resize((ones(bits) + 1) * size, 0);
            let stored = elements.len() - size;
            source.read_elements(before, &mut elements[..stored])?;
            let out = &mut out[(begin + low - first) * size..][..bits.len() * size];
            match size {
                1 => put::<1>(&elements, bits, out),
                2 => put::<2>(&elements, bits, out),
                4 => put::<4>(&elements, bits, out),
                _ => put::<8>(&elements, bits, out),
            }
        }
        Ok(())
    }
}

/// Puts elements in the places of bits, and zeros elsewhere. One element more than there are bits is read.
fn put<const SIZE: usize>(elements: &[u8], bits: &[u8], out: &mut [u8]) {
    let ((elements, _), (out, _)) = (elements.as_chunks::<SIZE>(), out.as_chunks_mut::<SIZE>());
    let mut at = 0;
    for (out, &bit) in out.iter_mut().zip(bits) {
        *out = elements[at].map(|byte| byte & (bit & 1).wrapping_neg());
        at += usize::from(bit & 1);
    }
}

/// The bits of a mask, each in a byte of its own.
fn read_bits(mask: &Tensor, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
    if mask.dtype() != DType::Uint1 {
        return Err(TensorError::Type(mask.dtype(), DType::Uint1));
    }
    mask.read_elements(first, out)
}
