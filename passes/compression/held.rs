//! Weights that are in memory while they are fitted, and what they become.
//!
//! A fit reads its weight, and what it gives reads it again, once or several times. As long as there is room, a
//! weight is read from its file once: it stays in memory until all that it becomes is there, which is small. What
//! finds no room is computed when it is read, as ever: results are the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use mil_compress::CompressError;
use mil_tensor::Tensor;

use super::weights::Compressor;

/// Bytes for all weights that are held, and all that they became.
const ROOM: usize = 72 << 20;

/// Weights of more bytes than this are not held: one core alone would read them.
const LARGEST: usize = 16 << 20;

/// Room in memory.
pub(super) struct Room {
    left: AtomicUsize,
}

impl Room {
    pub(super) fn new() -> Room {
        Room { left: AtomicUsize::new(ROOM) }
    }

    /// Takes so many bytes, if they are there.
    fn take(&self, bytes: usize) -> bool {
        let taken = |left: usize| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    fn give(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A fit that learns from nothing but the weight.
    pub(super) fn fit<C: Compressor>(&self, compressor: &C, plan: &C::Plan) -> Result<C::Fit, CompressError> {
        let weight = compressor.weight(plan);
        let bytes = weight.byte_len().filter(|&bytes| bytes <= LARGEST && weight.stored(0, bytes).is_none());
        let Some(bytes) = bytes.filter(|&bytes| self.take(bytes)) else {
            return compressor.fit(plan, weight, None);
        };
        let fit = in_memory(weight).and_then(|held| compressor.fit(plan, &held, None));
        let fit = fit.inspect_err(|_| self.give(bytes))?;
        self.settle(compressor, fit, bytes)
    }

    /// Computes what a weight of so many bytes became. Without room for it, the weight stays.
    fn settle<C: Compressor>(
        &self,
        compressor: &C,
        mut fit: C::Fit,
        bytes: usize,
    ) -> Result<C::Fit, CompressError> {
        let results = compressor.results(&mut fit);
        if !self.take(results.iter().filter_map(|tensor| tensor.byte_len()).sum()) {
            return Ok(fit);
        }
        for tensor in results {
            *tensor = in_memory(tensor)?;
        }
        self.give(bytes);
        Ok(fit)
    }
}

fn in_memory(tensor: &Tensor) -> Result<Tensor, CompressError> {
    Ok(Tensor::from_bytes(tensor.dtype(), tensor.shape(), tensor.bytes()?.into_owned())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_once() {
        let room = Room::new();
        assert!(room.take(ROOM - 1) && room.take(1));
        assert!(!room.take(1));
        room.give(2);
        assert!(!room.take(3) && room.take(2));
    }
}
