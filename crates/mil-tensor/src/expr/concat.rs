//! Tensors joined along an axis.

use super::Key;
use crate::limits::{BLOCK, GAP};
use crate::pack::wide_size;
use crate::{DType, Tensor, TensorError};

/// The operands one after another along an axis.
///
/// Seen from the elements: in turns, each operand gives a run of its own length.
#[derive(Debug)]
pub(crate) struct Concat {
    pub(crate) parts: Vec<Tensor>,
    /// Elements that each part gives in its turn; none is 0.
    pub(crate) runs: Vec<usize>,
}

impl Concat {
    pub(super) fn operands(&self) -> &[Tensor] {
        &self.parts
    }

    pub(super) fn hash(&self, key: &mut Key) {
        self.runs.iter().for_each(|&run| {
            key.number(run);
        });
    }

    pub(super) fn read_wide(&self, dtype: DType, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = wide_size(dtype).unwrap_or(1);
        let end = first + out.len() / size;
        let round: usize = self.runs.iter().sum();
        let mut before = 0;
        let mut block = Vec::new();
        for (part, &run) in self.parts.iter().zip(&self.runs) {
            // The turns of this part that have elements in the range.
            let mut turn = (first / round) + usize::from(first % round >= before + run);
            let turns = (end / round) + usize::from(end % round > before);
            let step = if run * size >= GAP { 1 } else { (BLOCK / size / run).max(1) };
            while turn < turns {
                let count = step.min(turns - turn);
                if count == 1 {
                    // Straight to its place, cut to the range.
                    let start = turn * round + before;
                    let (from, to) = (start.max(first), (start + run).min(end));
                    let place = &mut out[(from - first) * size..(to - first) * size];
                    part.read_wide(turn * run + (from - start), place)?;
                } else {
                    // Many short runs in one read.
                    block.resize(count * run * size, 0);
                    part.read_wide(turn * run, &mut block)?;
                    for (i, bytes) in block.chunks(run * size).enumerate() {
                        let start = (turn + i) * round + before;
                        let (from, to) = (start.max(first), (start + run).min(end));
                        out[(from - first) * size..(to - first) * size]
                            .copy_from_slice(&bytes[(from - start) * size..(to - start) * size]);
                    }
                }
                turn += count;
            }
            before += run;
        }
        Ok(())
    }
}
