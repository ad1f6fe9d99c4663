//! Work on several cores, where the feature `rayon` is on. Results never depend on how the work is divided:
//! they come back in order.

use std::ops::Range;

use crate::CompressError;

/// The results of `work` for each number below `count`, in order: fits of weights that do not depend on each
/// other.
pub fn each<T: Send>(count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    #[cfg(feature = "rayon")]
    if count > 1 {
        use rayon::prelude::*;
        return (0..count).into_par_iter().map(work).collect();
    }
    (0..count).map(work).collect()
}

/// The same for work that can fail.
pub(crate) fn map<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, CompressError> + Send + Sync,
) -> Result<Vec<T>, CompressError> {
    #[cfg(feature = "rayon")]
    if count > 1 {
        use rayon::prelude::*;
        return (0..count).into_par_iter().map(work).collect();
    }
    (0..count).map(work).collect()
}

/// The same with something that is made once and used for one number after another, such as a buffer.
pub(crate) fn map_with<S, T: Send>(
    count: usize,
    init: impl Fn() -> S + Send + Sync,
    work: impl Fn(&mut S, usize) -> Result<T, CompressError> + Send + Sync,
) -> Result<Vec<T>, CompressError> {
    let part = |range: Range<usize>| -> Result<Vec<T>, CompressError> {
        let mut own = init();
        range.map(|at| work(&mut own, at)).collect()
    };
    #[cfg(feature = "rayon")]
    if count > 1 && cores() > 1 {
        use rayon::prelude::*;
        /// Parts for each core: few, as each makes what it uses anew; several, as not all take equally long.
        const PARTS: usize = 4;
        let parts = (PARTS * cores()).min(count);
        let begin = |at: usize| count / parts * at + (count % parts).min(at);
        let found = (0..parts).into_par_iter().map(|at| part(begin(at)..begin(at + 1)));
        return Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
    }
    part(0..count)
}

/// How many cores may work.
pub(crate) fn cores() -> usize {
    #[cfg(feature = "rayon")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    1
}

/// Calls `work` with successive pieces of a slice and their numbers. The pieces are independent of each other.
pub(crate) fn each_piece<T: Send>(
    slice: &mut [T],
    size: usize,
    work: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    #[cfg(feature = "rayon")]
    if slice.len() > size {
        use rayon::prelude::*;
        slice.par_chunks_mut(size).enumerate().for_each(|(at, piece)| work(at, piece));
        return;
    }
    slice.chunks_mut(size.max(1)).enumerate().for_each(|(at, piece)| work(at, piece));
}

/// Sorts numbers that are no NaN.
pub(crate) fn sort(values: &mut [f32]) {
    #[cfg(feature = "rayon")]
    if values.len() > 1 << 16 {
        use rayon::prelude::*;
        values.par_sort_unstable_by(f32::total_cmp);
        return;
    }
    values.sort_unstable_by(f32::total_cmp);
}
