//! Products of vectors, in an order of sums that is the same on every machine.

use std::ops::{AddAssign, Mul};

/// Sums that are kept apart, for vector units.
const LANES: usize = 8;

/// The products of several vectors with one, which is as long as each of them.
#[inline(always)]
pub(super) fn dots<T, const N: usize>(own: [&[T]; N], other: &[T]) -> [T; N]
where
    T: Copy + Default + Mul<Output = T> + AddAssign,
{
    let len = other.len();
    let own = own.map(|vector| &vector[..len]);
    let mut lanes = [[T::default(); LANES]; N];
    let (chunks, rest) = other.as_chunks::<LANES>();
    for (chunk, others) in chunks.iter().enumerate() {
        for n in 0..N {
            let values = &own[n][chunk * LANES..][..LANES];
            for lane in 0..LANES {
                lanes[n][lane] += values[lane] * others[lane];
            }
        }
    }
    let start = len - rest.len();
    let mut sums = [T::default(); N];
    for n in 0..N {
        lanes[n].into_iter().for_each(|lane| sums[n] += lane);
        own[n][start..].iter().zip(rest).for_each(|(&a, &b)| sums[n] += a * b);
    }
    sums
}
