//! The elements that a mask keeps, one after another; and the inverse.

use std::sync::Arc;

use mil_tensor::{Computation, DType, Tensor, TensorError};

use crate::{CompressError, par};

/// Elements of the mask in one step: what stands before a step is known.
const STEP: usize = 32 << 10;

/// How many elements a mask keeps before each step.
#[derive(Clone, Debug)]
pub struct Counts(Arc<[usize]>);

impl Counts {
    /// Counts what a mask of single bits keeps.
    pub fn of(mask: &Tensor) -> Result<Counts, CompressError> {
        let steps = par::map(mask.len().div_ceil(STEP), |step| {
            let mut bits = vec![0; STEP.min(mask.len() - step * STEP)];
            read_bits(mask, step * STEP, &mut bits)?;
            Ok(bits.iter().map(|&bit| usize::from(bit)).sum::<usize>())
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
        let mut bits = vec![0; STEP];
        let mut kept = Vec::with_capacity(STEP * size);
        let mut at = first;
        while at < end {
            let begin = step * STEP;
            let bits = &mut bits[..STEP.min(mask.len() - begin)];
            read_bits(mask, begin, bits)?;
            let elements = wide(source, begin, bits.len())?;
            kept.clear();
            match size {
                1 => keep(&elements, bits, &mut kept),
                2 => keep(bytemuck::cast_slice::<u8, [u8; 2]>(&elements), bits, &mut kept),
                _ => keep(bytemuck::cast_slice::<u8, [u8; 4]>(&elements), bits, &mut kept),
            }
            let from = (at - before[step]) * size;
            let count = (kept.len() - from).min((end - at) * size);
            let place = (at - first) * size;
            out[place..place + count].copy_from_slice(&kept[from..from + count]);
            at += count / size;
            step += 1;
        }
        Ok(())
    }
}

/// Appends the elements that are kept, without branches, which would be guessed wrong half of the time.
fn keep<T: bytemuck::Pod>(elements: &[T], bits: &[u8], kept: &mut Vec<u8>) {
    let mut all = vec![T::zeroed(); elements.len() + 1];
    let mut at = 0;
    for (&element, &bit) in elements.iter().zip(bits) {
        all[at] = element;
        at += usize::from(bit);
    }
    kept.extend_from_slice(bytemuck::cast_slice(&all[..at]));
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
        let mut bits = vec![0; STEP];
        out.fill(0);
        for step in first / STEP..end.div_ceil(STEP) {
            let begin = step * STEP;
            let bits = &mut bits[..STEP.min(mask.len() - begin)];
            read_bits(mask, begin, bits)?;
            let elements = wide(source, self.counts.0[step], self.counts.0[step + 1] - self.counts.0[step])?;
            let mut elements = elements.chunks_exact(size);
            for (i, _) in bits.iter().enumerate().filter(|(_, bit)| **bit != 0) {
                let Some(element) = elements.next() else { break };
                if (first..end).contains(&(begin + i)) {
                    let place = (begin + i - first) * size;
                    out[place..place + size].copy_from_slice(element);
                }
            }
        }
        Ok(())
    }
}

/// The bits of a mask, each in a byte of its own.
fn read_bits(mask: &Tensor, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
    if mask.dtype() != DType::Uint1 {
        return Err(TensorError::Type(mask.dtype(), DType::Uint1));
    }
    mask.read_elements(first, out)
}

/// Elements as bytes of their own.
fn wide(tensor: &Tensor, first: usize, count: usize) -> Result<Vec<u8>, TensorError> {
    let size = tensor.dtype().bits().unwrap_or(8).div_ceil(8);
    let mut bytes = vec![0; count * size];
    tensor.read_elements(first, &mut bytes)?;
    Ok(bytes)
}
