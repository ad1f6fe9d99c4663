//! Pruning: elements that become zero, and are left out.

mod order;
mod slabs;

use mil_tensor::{Computation, DType, Tensor, TensorError, vectorized};

use crate::CompressError;
use crate::palette::unwrap;
use crate::read::{Reader, TILE, all_finite, check_type};
use crate::sparse::{Counts, compact, expand};
use slabs::{Choice, Slabs};

/// Which elements become zero. What is zero already always is one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Those whose magnitude is no more than this.
    Threshold(f64),
    /// The least so large a part of the elements, by magnitude; with them those that are as large as the
    /// largest of them.
    Sparsity(f64),
    /// The same for blocks of elements that follow each other along an axis, by their Euclidean norm.
    Blocks {
        /// The part that becomes zero.
        sparsity: f64,
        /// Elements of a block; the last one along the axis may have fewer.
        size: usize,
        /// The axis.
        axis: usize,
    },
    /// The least `zeros` of each `of` elements that follow each other along an axis. What is missing in the
    /// last ones counts as zeros.
    Ratio {
        /// How many become zero.
        zeros: usize,
        /// Of how many.
        of: usize,
        /// The axis.
        axis: usize,
    },
}

/// A weight without its zeros.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// Which elements are kept, as single bits; computed when it is read.
    pub mask: Tensor,
    /// Those elements, in row-major order; computed when they are read.
    pub nonzero: Tensor,
    /// How many are kept before each.
    pub counts: Counts,
}

impl Pruned {
    /// The part of the elements that is zero.
    pub fn sparsity(&self) -> f64 {
        1.0 - self.counts.kept() as f64 / self.mask.len().max(1) as f64
    }

    /// The weight with its zeros, computed when it is read.
    pub fn dense(&self) -> Result<Tensor, CompressError> {
        expand(&self.nonzero, &self.mask, &self.counts)
    }
}

/// Finds which elements of a weight become zero.
pub fn prune(weight: &Tensor, rule: Rule) -> Result<Pruned, CompressError> {
    prune_with(weight, weight, rule)
}

/// Finds which elements of a weight become zero by the magnitudes of others, which stand in the same places:
/// those of the weight as it is used, where the weight itself is indices or integers.
pub fn prune_with(weight: &Tensor, magnitudes: &Tensor, rule: Rule) -> Result<Pruned, CompressError> {
    check_type(magnitudes.dtype())?;
    // Who counts all magnitudes sees it by himself.
    let counts = matches!(rule, Rule::Sparsity(part) if part > 0.0);
    if !counts && !all_finite(magnitudes)? {
        return Err(CompressError::NotFinite);
    }
    let part = match rule {
        Rule::Sparsity(part) | Rule::Blocks { sparsity: part, .. } => part,
        _ => 0.0,
    };
    if !(0.0..=1.0).contains(&part) {
        return Err(CompressError::Option(format!("a sparsity of {part} is not between 0 and 1")));
    }
    let source = magnitudes.nestable()?;
    let mask = match rule {
        Rule::Threshold(threshold) if threshold >= 0.0 => above(source, order::single_below(threshold))?,
        Rule::Threshold(threshold) => {
            return Err(CompressError::Option(format!("a threshold of {threshold} is negative")));
        }
        Rule::Sparsity(part) => {
            let threshold = order::magnitude(magnitudes, part)?;
            above(source, threshold)?
        }
        Rule::Blocks { sparsity, size, axis } => {
            let mut slabs = Slabs::new(source, axis, size, Choice::Norm(0.0))?;
            slabs.set_threshold(slabs.norm(sparsity)?);
            Tensor::computed_by(DType::Uint1, magnitudes.shape(), slabs)?
        }
        Rule::Ratio { zeros, of, axis } => {
            if zeros > of {
                return Err(CompressError::Option(format!("{zeros} of {of} elements cannot become zero")));
            }
            let slabs = Slabs::new(source, axis, of, Choice::Least(zeros))?;
            Tensor::computed_by(DType::Uint1, magnitudes.shape(), slabs)?
        }
    };
    let counts = Counts::of(&mask)?;
    let nonzero = compact(weight, &mask, &counts)?;
    Ok(Pruned { mask, nonzero, counts })
}

fn above(source: Tensor, threshold: f32) -> Result<Tensor, CompressError> {
    let shape = source.shape().to_vec();
    Ok(Tensor::computed_by(DType::Uint1, &shape, Above { source, threshold })?)
}

/// Whether the magnitude is above a threshold.
#[derive(Debug)]
struct Above {
    source: Tensor,
    threshold: f32,
}

impl Computation for Above {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        [b"above".as_slice(), &self.threshold.to_bits().to_le_bytes()].concat()
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let mut reader = Reader::new(&self.source);
        let halves = (self.source.dtype() == DType::Fp16).then(|| order::half_below(self.threshold));
        for (i, out) in out.chunks_mut(TILE).enumerate() {
            let first = first + i * TILE;
            match halves {
                Some(threshold) => {
                    halves_above(reader.bits(first, out.len()).map_err(unwrap)?, threshold, out)
                }
                None => singles_above(reader.floats(first, out.len()).map_err(unwrap)?, self.threshold, out),
            }
        }
        Ok(())
    }
}

vectorized! {
    /// Which half floats have magnitudes above that with these bits.
    fn halves_above<'b, 'o>(bits: &'b [u16], threshold: i16, out: &'o mut [u8]) {
        for (out, &bits) in out.iter_mut().zip(bits) {
            *out = u8::from((bits & 0x7FFF) as i16 > threshold);
        }
    }
}

vectorized! {
    /// Which numbers have magnitudes above a threshold.
    fn singles_above<'v, 'o>(values: &'v [f32], threshold: f32, out: &'o mut [u8]) {
        for (out, &value) in out.iter_mut().zip(values) {
            *out = u8::from(value.abs() > threshold);
        }
    }
}

#[cfg(test)]
mod tests;
