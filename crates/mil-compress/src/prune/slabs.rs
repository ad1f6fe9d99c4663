//! Elements that are chosen together: those that follow each other along an axis.

use mil_tensor::{Computation, Tensor, TensorError};

use super::order;
use crate::palette::unwrap;
use crate::read::Reader;
use crate::{CompressError, par};

/// Elements that one core looks at before another may help.
const SHARE: usize = 1 << 17;

/// A weight, cut along an axis: a slab is so many indices of the axis with all that is inside them, which
/// lies together in memory. The last slab along the axis may have fewer.
#[derive(Debug)]
pub(super) struct Slabs {
    source: Tensor,
    /// Indices of the axis.
    size: usize,
    /// Indices of the axis in a slab.
    thick: usize,
    /// Elements inside an index of the axis.
    inner: usize,
    choice: Choice,
}

/// What is kept of the elements of a slab that differ in the index of the axis only.
#[derive(Clone, Copy, Debug)]
pub(super) enum Choice {
    /// All, if the sum of their squares is above this; else none.
    Norm(f32),
    /// All but the so many least; what is missing in the last slab counts as the least.
    Least(usize),
}

impl Slabs {
    pub(super) fn new(
        source: Tensor,
        axis: usize,
        thick: usize,
        choice: Choice,
    ) -> Result<Slabs, CompressError> {
        let size = source.shape().get(axis).copied();
        let (Some(size), true) = (size, thick > 0) else {
            return Err(CompressError::Option(format!("blocks of {thick} along axis {axis}")));
        };
        let inner = source.shape()[axis + 1..].iter().product();
        Ok(Slabs { source, size, thick, inner, choice })
    }

    pub(super) fn set_threshold(&mut self, threshold: f32) {
        self.choice = Choice::Norm(threshold);
    }

    /// Elements of an index before the axis.
    fn round(&self) -> usize {
        self.size * self.inner
    }

    /// The slab in which an element lies: its first element, and one past its last.
    fn slab_of(&self, element: usize) -> (usize, usize) {
        let start = element / self.round() * self.round();
        let at = (element - start) / (self.thick * self.inner) * (self.thick * self.inner);
        (start + at, start + (at + self.thick * self.inner).min(self.round()))
    }

    /// The norm, squared, at the place of a part of all elements, each of which has that of its block.
    pub(super) fn norm(&self, part: f64) -> Result<f32, CompressError> {
        let Some(place) = order::place(part, self.source.len()) else { return Ok(0.0) };
        let slab = self.thick * self.inner;
        let per_round = self.round().div_ceil(slab);
        let slabs = self.source.len() / self.round() * per_round;
        let share = (SHARE / slab).max(1);
        let found = par::map(slabs.div_ceil(share), |job| {
            let mut reader = Reader::new(&self.source);
            let mut norms = Vec::new();
            for at in job * share..((job + 1) * share).min(slabs) {
                let first = at / per_round * self.round() + at % per_round * slab;
                let (first, end) = self.slab_of(first);
                let values = reader.floats(first, end - first)?;
                let weight = values.len() / self.inner;
                norms.extend((0..self.inner).map(|at| (norm(values, at, self.inner), weight as u32)));
            }
            Ok(norms)
        })?;
        let mut norms: Vec<(f32, u32)> = found.into_iter().flatten().collect();
        norms.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut before = 0;
        let at = norms.iter().find(|(_, weight)| {
            before += *weight as usize;
            before > place
        });
        Ok(at.map_or(0.0, |(norm, _)| *norm))
    }

    /// Sets the bits of what is kept of a slab.
    fn choose(&self, values: &[f32], bits: &mut [u8]) {
        let inner = self.inner;
        let thick = values.len() / inner;
        bits.fill(0);
        match self.choice {
            Choice::Norm(threshold) => {
                for at in 0..inner {
                    if norm(values, at, inner) > threshold {
                        (at..values.len()).step_by(inner).for_each(|at| bits[at] = 1);
                    }
                }
            }
            Choice::Least(zeros) => {
                let zeros = zeros.saturating_sub(self.thick - thick);
                let mut order: Vec<usize> = Vec::with_capacity(thick);
                for at in 0..inner {
                    order.clear();
                    order.extend((at..values.len()).step_by(inner));
                    order.sort_by(|&a, &b| values[a].abs().total_cmp(&values[b].abs()));
                    order.iter().skip(zeros).for_each(|&at| bits[at] = 1);
                }
            }
        }
        for (bit, &value) in bits.iter_mut().zip(values) {
            *bit &= u8::from(value != 0.0);
        }
    }
}

/// The sum of the squares of the elements that lie at a place inside their indices.
fn norm(values: &[f32], at: usize, inner: usize) -> f32 {
    values[at..].iter().step_by(inner).map(|&value| f64::from(value) * f64::from(value)).sum::<f64>() as f32
}

impl Computation for Slabs {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        let mut key = b"slabs".to_vec();
        let choice = match self.choice {
            Choice::Norm(threshold) => u64::from(threshold.to_bits()) << 1,
            Choice::Least(zeros) => (zeros as u64) << 1 | 1,
        };
        for number in [self.size as u64, self.thick as u64, self.inner as u64, choice] {
            key.extend(number.to_le_bytes());
        }
        key
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let mut reader = Reader::new(&self.source);
        let end = first + out.len();
        let mut at = first;
        let mut bits = Vec::new();
        while at < end {
            // Whole slabs, some together.
            let (begin, mut stop) = self.slab_of(at);
            while stop < end && stop - begin < SHARE {
                stop = self.slab_of(stop).1;
            }
            let values = reader.floats(begin, stop - begin).map_err(unwrap)?;
            bits.resize(values.len(), 0);
            let mut from = begin;
            while from < stop {
                let to = self.slab_of(from).1;
                let range = from - begin..to - begin;
                self.choose(&values[range.clone()], &mut bits[range]);
                from = to;
            }
            let until = stop.min(end);
            out[at - first..until - first].copy_from_slice(&bits[at - begin..until - begin]);
            at = until;
        }
        Ok(())
    }
}
