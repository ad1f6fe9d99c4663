//! What the inputs of a layer are like.

use super::dots::dots;
use crate::par;

/// Vectors whose products are summed in single precision before they are added to the rest.
const TILE: usize = 256;

/// Rows of the matrix that share what they read.
const ROWS: usize = 4;

/// The sums of the products of a layer's inputs, two by two, over all vectors that it met: `XᵀX`.
///
/// The inputs are the elements of a row of its weight, where the output channels are the rows and the other
/// axes follow in their order. Of a convolution with groups, each group of rows meets inputs of its own. When
/// all calls were seen, it becomes [`Inputs`](super::Inputs).
#[derive(Clone, Debug)]
pub struct Gram {
    groups: usize,
    inputs: usize,
    /// The matrix of each group, row by row, up to the diagonal.
    sums: Vec<f32>,
    /// Vectors that each group has met.
    counts: Vec<usize>,
}

impl Gram {
    /// Of a layer that has met nothing.
    pub fn new(groups: usize, inputs: usize) -> Gram {
        Gram { groups, inputs, sums: vec![0.0; groups * inputs * inputs], counts: vec![0; groups] }
    }

    /// Bytes that one takes.
    pub fn bytes(groups: usize, inputs: usize) -> usize {
        groups.saturating_mul(inputs).saturating_mul(inputs).saturating_mul(size_of::<f32>())
    }

    /// Adds `count` vectors that a group met: `columns` has the numbers of the first input in all vectors,
    /// then those of the second, and so on.
    pub fn add(&mut self, group: usize, columns: &[f32], count: usize) {
        let inputs = self.inputs;
        if count == 0 || inputs == 0 || columns.len() != inputs * count {
            return;
        }
        let Some(sums) = self.sums.chunks_exact_mut(inputs * inputs).nth(group) else { return };
        self.counts[group] += count;
        par::each_piece(sums, ROWS * inputs, |piece, rows| {
            let first = piece * ROWS;
            for start in (0..count).step_by(TILE) {
                let column = |at: usize| &columns[at * count..][start..count.min(start + TILE)];
                if rows.len() == ROWS * inputs {
                    let own = [first, first + 1, first + 2, first + 3].map(column);
                    for other in 0..first + ROWS {
                        let found = dots(own, column(other));
                        for (row, found) in found.into_iter().enumerate() {
                            rows[row * inputs + other] += found;
                        }
                    }
                } else {
                    for (row, sums) in rows.chunks_exact_mut(inputs).enumerate() {
                        for (other, sum) in sums[..=first + row].iter_mut().enumerate() {
                            let [found] = dots([column(first + row)], column(other));
                            *sum += found;
                        }
                    }
                }
            }
        });
    }

    /// Inputs of a group.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// The matrix of a group, row by row; only what is up to the diagonal is filled.
    pub(super) fn matrix(&self, group: usize) -> &[f32] {
        let size = self.inputs * self.inputs;
        &self.sums[group * size..][..size]
    }

    /// Vectors that a group has met.
    pub(super) fn count(&self, group: usize) -> usize {
        self.counts[group]
    }

    /// The energy of each input of a group.
    pub(super) fn energies(&self, group: usize) -> impl Iterator<Item = f32> {
        let matrix = self.matrix(group);
        (0..self.inputs).map(move |at| matrix[at * (self.inputs + 1)])
    }
}

/// The order of axes in which an axis comes first.
pub(super) fn rows_first(rank: usize, axis: usize) -> Vec<usize> {
    std::iter::once(axis).chain((0..rank).filter(|&other| other != axis)).collect()
}
