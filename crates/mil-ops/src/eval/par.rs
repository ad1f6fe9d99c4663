//! Work on several cores, where the feature `rayon` is on. Results never depend on how the work is divided.

/// Below so many elements a division does not pay.
const WORTHWHILE: usize = 1 << 15;

/// Calls `work` with the number and the elements of each piece of `size` elements.
pub(crate) fn chunks<T: Send>(out: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Send + Sync) {
    let size = size.max(1);
    #[cfg(feature = "rayon")]
    if out.len() > WORTHWHILE {
        use rayon::prelude::*;
        out.par_chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
        return;
    }
    out.chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
}

/// Like [`chunks`], with work that can fail.
pub(crate) fn try_chunks<T: Send, E: Send>(
    out: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) -> Result<(), E> + Send + Sync,
) -> Result<(), E> {
    let size = size.max(1);
    #[cfg(feature = "rayon")]
    if out.len() > WORTHWHILE {
        use rayon::prelude::*;
        return out.par_chunks_mut(size).enumerate().try_for_each(|(index, piece)| work(index, piece));
    }
    out.chunks_mut(size).enumerate().try_for_each(|(index, piece)| work(index, piece))
}

/// Applies a function to each element.
pub(crate) fn map<A: Sync, B: Send>(values: &[A], f: impl Fn(&A) -> B + Send + Sync) -> Vec<B> {
    #[cfg(feature = "rayon")]
    if values.len() > WORTHWHILE {
        use rayon::prelude::*;
        return values.par_iter().with_min_len(WORTHWHILE / 4).map(f).collect();
    }
    let _ = WORTHWHILE;
    values.iter().map(f).collect()
}
