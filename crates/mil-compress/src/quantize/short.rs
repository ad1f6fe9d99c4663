//! Short blocks, several at a time: a lane of the vector unit for each. What is tried and what is taken is the
//! same as for one block by itself.

use mil_tensor::DType;

use super::apply::ROUND;
use super::range::{CAREFREE, EMPTY, LEAST, SMALLEST, Sums, half_of, rounded};
use super::{Integers, Parameters};

/// Blocks that are searched together.
pub(super) const LANES: usize = 8;

/// Elements of a block, at most: sums of so many squares of integers are exact in singles.
pub(super) const LONGEST: usize = 128;

/// A number for each block.
type Lanes<T> = [T; LANES];

/// The blocks as columns.
pub(super) type Columns = [Lanes<f32>; LONGEST];

impl Integers {
    /// The parameters with the least squared error of those that are tried, for blocks that follow each other.
    #[inline(always)]
    pub(super) fn search_together<const N: usize>(
        self,
        values: &[f32],
        dtype: DType,
        (factors, step): ([f32; N], f32),
        columns: &mut Columns,
    ) -> Lanes<Parameters> {
        let size = values.len() / LANES;
        let columns = &mut columns[..size];
        for (lane, row) in values.chunks_exact(size).enumerate() {
            for (column, &value) in columns.iter_mut().zip(row) {
                column[lane] = value;
            }
        }
        let extents = extents(columns);
        let largest = extents.map(|(least, most)| most.max(-least));
        let extent = self.of_extents(extents, largest, dtype);
        let inverse = extent.map(|extent| extent.scale.recip());
        let tried = |factor: f32| (extents, inverse.map(|inverse| inverse * factor), factor);
        // The scale of the extent itself is tried as it is stored, so that the result is never worse.
        let first = self.try_factor(columns, tried(factors[0]));
        let mut best = first;
        // For which blocks the smallest range that was tried is the best one.
        let mut open = [N == 1; LANES];
        for (at, &factor) in factors.iter().enumerate().skip(1) {
            let better = best.take(&self.try_factor(columns, tried(factor)), [true; LANES]);
            if at + 1 == N {
                open = better;
            }
        }
        let mut factor = factors[N - 1];
        while open.contains(&true) && factor < SMALLEST {
            factor *= step;
            open = best.take(&self.try_factor(columns, tried(factor)), open);
        }
        let scale = std::array::from_fn(|lane| best.products[lane] / best.squares[lane]);
        let scale = all_rounded(scale, largest, dtype);
        let mut found = extent;
        for lane in 0..LANES {
            let (own, sums) = (first.sums(lane), best.sums(lane));
            // Choosing the integers anew for the better scale makes the error only less.
            if sums.products > 0.0 && sums.error(scale[lane]) < own.error(extent[lane].scale) {
                found[lane] = Parameters { scale: scale[lane], zero: best.zero[lane] };
            }
        }
        found
    }

    /// The parameters for blocks of these extents and largest magnitudes.
    #[inline(always)]
    fn of_extents(self, extents: Lanes<(f32, f32)>, largest: Lanes<f32>, dtype: DType) -> Lanes<Parameters> {
        let Some(zero) = self.zero else {
            return extents.map(|extent| self.of_extent(extent, 1.0, dtype));
        };
        let scale = all_rounded(largest.map(|largest| largest / self.reach as f32), largest, dtype);
        scale.map(|scale| Parameters { scale, zero })
    }

    /// Tries to make the extents smaller by a factor; the inverses of the scales are those that follow.
    #[inline(always)]
    fn try_factor(
        self,
        columns: &[Lanes<f32>],
        (extents, inverse, factor): (Lanes<(f32, f32)>, Lanes<f32>, f32),
    ) -> Tried {
        let zero = match self.zero {
            Some(zero) => [zero; LANES],
            None => extents.map(|extent| self.of_extent(extent, factor, DType::Fp32).zero),
        };
        self.sums(columns, inverse, zero)
    }

    /// The sums of each block for the inverse of a scale and a zero point.
    #[inline(always)]
    fn sums(self, columns: &[Lanes<f32>], inverse: Lanes<f32>, zero: Lanes<i32>) -> Tried {
        let (low, high) =
            (zero.map(|zero| (self.least - zero) as f32), zero.map(|zero| (self.most - zero) as f32));
        let (mut products, mut squares) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        // A loop for each step: that is what becomes one instruction of a vector unit.
        for column in columns {
            let mut integers = [0.0; LANES];
            for lane in 0..LANES {
                integers[lane] = column[lane] * inverse[lane];
            }
            for lane in 0..LANES {
                integers[lane] = if integers[lane] > low[lane] { integers[lane] } else { low[lane] };
            }
            for lane in 0..LANES {
                integers[lane] = if integers[lane] < high[lane] { integers[lane] } else { high[lane] };
            }
            for integer in &mut integers {
                *integer = (*integer + ROUND) - ROUND;
            }
            for lane in 0..LANES {
                products[lane] += column[lane] * integers[lane];
                squares[lane] += integers[lane] * integers[lane];
            }
        }
        Tried { products, squares, zero }
    }
}

/// What was tried for each block: see [`Sums`].
#[derive(Clone, Copy)]
struct Tried {
    products: Lanes<f32>,
    squares: Lanes<f32>,
    zero: Lanes<i32>,
}

impl Tried {
    #[inline(always)]
    fn sums(&self, lane: usize) -> Sums {
        Sums { products: self.products[lane].into(), squares: self.squares[lane].into() }
    }

    /// Takes what is better in the lanes that are `open`. Answers in which it is.
    #[inline(always)]
    fn take(&mut self, other: &Tried, open: Lanes<bool>) -> Lanes<bool> {
        let mut better = [false; LANES];
        for (lane, better) in better.iter_mut().enumerate() {
            *better = open[lane] & other.sums(lane).beats(&self.sums(lane));
        }
        select(better, &mut self.products, other.products);
        select(better, &mut self.squares, other.squares);
        select(better, &mut self.zero, other.zero);
        better
    }
}

/// [`rounded`] for each block.
#[inline(always)]
fn all_rounded(scale: Lanes<f32>, largest: Lanes<f32>, dtype: DType) -> Lanes<f32> {
    let mut all = scale;
    if dtype == DType::Fp16 && largest.iter().all(|&largest| largest < CAREFREE) {
        for scale in &mut all {
            *scale = if *scale == 0.0 { 1.0 } else { half_of(*scale).max(LEAST) };
        }
        return all;
    }
    for (scale, largest) in all.iter_mut().zip(largest) {
        *scale = rounded(*scale, largest, dtype);
    }
    all
}

/// Takes what is new in some lanes.
#[inline(always)]
fn select<T: Copy>(lanes: Lanes<bool>, old: &mut Lanes<T>, new: Lanes<T>) {
    for ((old, new), takes) in old.iter_mut().zip(new).zip(lanes) {
        *old = if takes { new } else { *old };
    }
}

#[inline(always)]
fn extents(columns: &[Lanes<f32>]) -> Lanes<(f32, f32)> {
    let (mut least, mut most) = ([EMPTY.0; LANES], [EMPTY.1; LANES]);
    for column in columns {
        for (least, &value) in least.iter_mut().zip(column) {
            *least = if value < *least { value } else { *least };
        }
    }
    for column in columns {
        for (most, &value) in most.iter_mut().zip(column) {
            *most = if value > *most { value } else { *most };
        }
    }
    let mut extents = [EMPTY; LANES];
    for lane in 0..LANES {
        extents[lane] = (least[lane], most[lane]);
    }
    extents
}
