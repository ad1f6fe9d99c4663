//! Reading on several cores, where the feature `rayon` is on. Bytes never depend on how the work is divided.

use crate::TensorError;

/// Bytes that one core computes at a time; a multiple of all element sizes.
#[cfg(feature = "rayon")]
const PIECE: usize = 128 << 10;

/// Calls `read` with the place and the bytes of each piece, which begins at a multiple of `unit`.
pub(super) fn pieces(
    out: &mut [u8],
    unit: usize,
    read: impl Fn(usize, &mut [u8]) -> Result<(), TensorError> + Sync,
) -> Result<(), TensorError> {
    #[cfg(feature = "rayon")]
    if out.len() >= 2 * PIECE && rayon::current_num_threads() > 1 {
        use rayon::prelude::*;
        let size = PIECE.next_multiple_of(unit);
        return out.par_chunks_mut(size).enumerate().try_for_each(|(i, piece)| read(i * size, piece));
    }
    let _ = unit;
    read(0, out)
}
