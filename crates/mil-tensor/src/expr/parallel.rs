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

/// Calls `visit` with one piece of `len` bytes after another, while the next one is read where there are cores
/// for that.
pub(crate) fn ahead(
    len: usize,
    size: usize,
    read: impl Fn(usize, &mut [u8]) -> Result<(), TensorError> + Sync,
    mut visit: impl FnMut(&[u8]) -> Result<(), TensorError>,
) -> Result<(), TensorError> {
    let mut now = vec![0; len.min(size)];
    let mut start = 0;
    #[cfg(feature = "rayon")]
    if len > size && rayon::current_num_threads() > 1 {
        read(0, &mut now)?;
        let mut next = vec![0; size];
        while start < len {
            let begin = start + now.len();
            next.truncate(len - begin);
            let mut done = Ok(());
            let visited = rayon::in_place_scope(|scope| {
                if begin < len {
                    scope.spawn(|_| done = read(begin, &mut next));
                }
                visit(&now)
            });
            visited.and(done)?;
            std::mem::swap(&mut now, &mut next);
            start = begin;
        }
        return Ok(());
    }
    while start < len {
        let piece = &mut now[..(len - start).min(size)];
        read(start, piece)?;
        visit(piece)?;
        start += piece.len();
    }
    Ok(())
}
