//! Scales and zero points: of the extent of each block, or with the least error of some that are tried.

use half::f16;
use mil_tensor::{DType, Tensor, vectorized};

use super::apply::{ROUND, clamp};
use super::short::{self, LONGEST};
use super::{Integers, Parameters, Range};
use crate::distribution::{Distribution, Histogram};
use crate::read::{Reader, TILE, are_finite};
use crate::{Blocks, CompressError, par};

/// Elements that one core looks at before another may help: they stay in its own cache.
const SHARE: usize = TILE;

/// Rows of more elements are counted instead of being held in memory.
const LONG: usize = 1 << 20;

/// By how much the extent of few bits is first made smaller, and by what factor again while that helps. Half of
/// all symmetric blocks have their largest magnitude below zero, where there is one integer more: of four bits,
/// they fit into an eighth less.
const FEW: ([f32; 4], f32) = ([1.0, 1.07, 8.0 / 7.0, 1.24], 1.1);

/// The same for many bits, where there is little to gain.
const MANY: ([f32; 1], f32) = ([1.0], 1.03);

/// The range is not made smaller than the extent by more than this.
pub(super) const SMALLEST: f32 = 16.0;

/// The extent of no elements.
pub(super) const EMPTY: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);

/// The parameters of each block.
pub(super) fn find(
    weight: &Tensor,
    blocks: &Blocks,
    integers: Integers,
    range: Range,
) -> Result<Vec<Parameters>, CompressError> {
    let rows = blocks.rows(weight)?;
    let (count, size) = (rows.shape()[0], rows.shape()[1]);
    let dtype = weight.dtype();
    if range == Range::Extent {
        let of_extent = |extent| integers.of_extent(extent, 1.0, dtype);
        return Ok(extents(&rows)?.into_iter().map(of_extent).collect());
    }
    if size > LONG {
        let row = |row: usize| {
            let (values, weights) = counted(&rows, row * size, size)?;
            let row = Row { values: &values, weights: Some(&weights), extent: extent(&values) };
            Ok(integers.search(&row, dtype, &mut [0.0; PART]))
        };
        return (0..count).map(row).collect();
    }
    let share = (SHARE / size.max(1)).max(1);
    let found = par::map_with(
        count.div_ceil(share),
        || Reader::new(&rows),
        |reader, job| {
            let first = job * share;
            let values = &*reader.floats(first * size, share.min(count - first) * size)?;
            check_finite(values)?;
            Ok(search_rows(values, size, integers, dtype))
        },
    )?;
    Ok(found.into_iter().flatten().collect())
}

/// The least and the largest element of each row.
pub(crate) fn extents(rows: &Tensor) -> Result<Vec<(f32, f32)>, CompressError> {
    let (count, size) = (rows.shape()[0], rows.shape()[1]);
    if size > SHARE {
        let row = |row: usize| {
            let reader = || Reader::new(rows);
            let parts = par::map_with(size.div_ceil(TILE), reader, |reader, part| {
                let values = reader.floats(row * size + part * TILE, TILE.min(size - part * TILE))?;
                check_finite(values)?;
                Ok(extent_of_rows(values, values.len()).into_iter().fold(EMPTY, join))
            })?;
            Ok(parts.into_iter().fold(EMPTY, join))
        };
        return (0..count).map(row).collect();
    }
    let share = (SHARE / size.max(1)).max(1);
    let found = par::map_with(
        count.div_ceil(share),
        || Reader::new(rows),
        |reader, job| {
            let first = job * share;
            let values = &*reader.floats(first * size, share.min(count - first) * size)?;
            check_finite(values)?;
            Ok(extent_of_rows(values, size))
        },
    )?;
    Ok(found.into_iter().flatten().collect())
}

vectorized! {
    /// The parameters of rows that follow each other.
    fn search_rows<'v>(values: &'v [f32], size: usize, integers: Integers, dtype: DType) -> Vec<Parameters> {
        let (mut found, mut scratch) = (Vec::with_capacity(values.len() / size), [0.0; PART]);
        let mut rest = values;
        if size <= LONGEST {
            let mut columns = [[0.0; short::LANES]; LONGEST];
            let together = values.chunks_exact(size * short::LANES);
            rest = together.remainder();
            for values in together {
                found.extend(match integers.are_few() {
                    true => integers.search_together(values, dtype, FEW, &mut columns),
                    false => integers.search_together(values, dtype, MANY, &mut columns),
                });
            }
        }
        for values in rest.chunks_exact(size) {
            let row = Row { values, weights: None, extent: extent(values) };
            found.push(integers.search(&row, dtype, &mut scratch));
        }
        found
    }
}

vectorized! {
    /// The extents of rows that follow each other.
    fn extent_of_rows<'v>(values: &'v [f32], size: usize) -> Vec<(f32, f32)> {
        let mut found = Vec::with_capacity(values.len() / size);
        for values in values.chunks_exact(size) {
            found.push(extent(values));
        }
        found
    }
}

fn join(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The least and the largest of some elements.
#[inline(always)]
fn extent(values: &[f32]) -> (f32, f32) {
    let lesser = |a: f32, b: f32| if b < a { b } else { a };
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    (outermost(values, EMPTY.0, lesser), outermost(values, EMPTY.1, larger))
}

#[inline(always)]
fn outermost(values: &[f32], first: f32, of_two: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [first; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = of_two(*lane, value);
        }
    }
    lanes.iter().chain(rest).fold(first, |a, &b| of_two(a, b))
}

fn check_finite(values: &[f32]) -> Result<(), CompressError> {
    if are_finite(values) { Ok(()) } else { Err(CompressError::NotFinite) }
}

/// The elements of a block, or its distinct elements and how many there are of each.
struct Row<'v> {
    values: &'v [f32],
    weights: Option<&'v [f32]>,
    extent: (f32, f32),
}

/// The distinct elements of a row, and how many there are of each.
fn counted(rows: &Tensor, first: usize, size: usize) -> Result<(Vec<f32>, Vec<f32>), CompressError> {
    let found = match rows.dtype() {
        DType::Fp16 => Histogram::of(rows, first, size)?.take()?,
        _ => Distribution::of_singles(Reader::new(rows).floats(first, size)?)?,
    };
    let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
    Ok((single(&found.values), single(&found.weights)))
}

impl Integers {
    /// The parameters for a block of this extent, made smaller by a factor.
    #[inline(always)]
    pub(super) fn of_extent(self, (least, most): (f32, f32), factor: f32, dtype: DType) -> Parameters {
        let Some(zero) = self.zero else {
            let (least, most) = (least.min(0.0) / factor, most.max(0.0) / factor);
            let scale = (most - least) / (self.most - self.least) as f32;
            let scale = rounded(scale, most.max(-least), dtype);
            let zero = libm::rintf(self.least as f32 - least / scale) as i32;
            return Parameters { scale, zero: zero.clamp(self.least, self.most) };
        };
        let largest = most.max(-least);
        let scale = largest / (self.reach as f32 * factor);
        Parameters { scale: rounded(scale, largest, dtype), zero }
    }

    /// So few that much is gained where large elements are clipped.
    fn are_few(self) -> bool {
        self.most - self.least < 32
    }

    /// The parameters with the least squared error of those that are tried.
    #[inline(always)]
    fn search(self, row: &Row<'_>, dtype: DType, scratch: &mut [f32; PART]) -> Parameters {
        if self.are_few() {
            self.try_all(row, dtype, FEW, scratch)
        } else {
            self.try_all(row, dtype, MANY, scratch)
        }
    }

    #[inline(always)]
    fn try_all<const N: usize>(
        self,
        row: &Row<'_>,
        dtype: DType,
        (factors, step): ([f32; N], f32),
        scratch: &mut [f32; PART],
    ) -> Parameters {
        let extent = self.of_extent(row.extent, 1.0, dtype);
        let zero = |factor: f32| match self.zero {
            Some(zero) => zero,
            None => self.of_extent(row.extent, factor, DType::Fp32).zero,
        };
        let range = |zero: i32| ((self.least - zero) as f32, (self.most - zero) as f32);
        // The scale of the extent itself is tried as it is stored, so that the result is never worse.
        let mut tried = factors.map(|factor| (extent.scale.recip() * factor, zero(factor)));
        let mut factor = factors[factors.len() - 1];
        let mut sums = [Sums::default(); N];
        for (sums, (inverse, zero)) in sums.iter_mut().zip(tried) {
            *sums = row.sums((inverse, range(zero)), scratch);
        }
        let mut best = 0;
        for at in 1..tried.len() {
            if sums[at].beats(&sums[best]) {
                best = at;
            }
        }
        while best == tried.len() - 1 && factor < SMALLEST {
            factor *= step;
            let next = (extent.scale.recip() * factor, zero(factor));
            let found = row.sums((next.0, range(next.1)), scratch);
            if !found.beats(&sums[best]) {
                break;
            }
            (tried[best], sums[best]) = (next, found);
        }
        let own = sums[0].error(extent.scale);
        if sums[best].squares == 0.0 || sums[best].products <= 0.0 {
            return extent;
        }
        let largest = row.extent.1.max(-row.extent.0);
        let scale = rounded((sums[best].products / sums[best].squares) as f32, largest, dtype);
        // Choosing the integers anew for the better scale makes the error only less.
        let better = sums[best].error(scale) < own;
        if better { Parameters { scale, zero: tried[best].1 } } else { extent }
    }
}

/// What the error of a block follows from, whatever the scale, where the integers are fixed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Of products of elements with their integers.
    pub(super) products: f64,
    /// Of squares of the integers.
    pub(super) squares: f64,
}

impl Sums {
    /// The squared error is less than with the others, with the best scale for each. It is the sum of all squares
    /// less `products² / squares`; what has no squares has no products.
    #[inline(always)]
    pub(super) fn beats(&self, other: &Sums) -> bool {
        self.products * self.products * other.squares.max(1.0)
            > other.products * other.products * self.squares.max(1.0)
    }

    /// The squared error beside the sum of all squares.
    #[inline(always)]
    pub(super) fn error(&self, scale: f32) -> f64 {
        f64::from(scale) * (f64::from(scale) * self.squares - 2.0 * self.products)
    }
}

/// The least half float above 0.
pub(super) const LEAST: f32 = 1.0 / (1 << 24) as f32;

/// What has magnitudes below this, half of the largest half float, stays finite whatever the scale.
pub(super) const CAREFREE: f32 = 65504.0 / 2.0;

/// A scale in the type in which it is stored. It is never 0, the scale of a block of zeros is 1, and what the
/// largest element becomes is finite.
#[inline(always)]
pub(super) fn rounded(scale: f32, largest: f32, dtype: DType) -> f32 {
    if scale == 0.0 {
        return 1.0;
    }
    if dtype != DType::Fp16 {
        let scale = scale.max(f32::MIN_POSITIVE);
        let overflows = (scale * libm::rintf(largest / scale)).is_infinite();
        return if overflows { scale.next_down() } else { scale };
    }
    let half = half_of(scale).max(LEAST);
    if largest < CAREFREE {
        return half;
    }
    /// From here on numbers become infinite as half floats.
    const INFINITE: f32 = 65504.0 + 16.0;
    if half * libm::rintf(largest / half) >= INFINITE {
        let below = f16::from_f32(half).to_bits() - 1;
        return f16::from_bits(below).to_f32();
    }
    half
}

/// The half float nearest to a number that is not negative, ties to even, without what is infinite.
#[inline(always)]
pub(super) fn half_of(number: f32) -> f32 {
    let bits = number.to_bits();
    // 13 bits fewer.
    let normal = f32::from_bits((bits + 0x0FFF + (bits >> 13 & 1)) & !0x1FFF);
    // The lowest bit of 0.5 is that of the half floats which are not normal.
    let tiny = (number + 0.5) - 0.5;
    if number < 1.0 / (1 << 14) as f32 { tiny } else { normal }
}

impl Row<'_> {
    /// The sums for the inverse of a scale and the range of the integers.
    #[inline(always)]
    fn sums(&self, tried: (f32, (f32, f32)), scratch: &mut [f32; PART]) -> Sums {
        match self.weights {
            None => sums(self.values, tried, scratch),
            Some(weights) => weighted_sums(self.values, weights, tried),
        }
    }
}

/// Elements that vector units take at once.
const LANES: usize = 8;

/// Elements of which singles add up the squares well.
const PART: usize = 512;

/// The sums of elements that count once, for the inverse of a scale and the range of the integers.
#[inline(always)]
fn sums(values: &[f32], (inverse, (low, high)): (f32, (f32, f32)), integers: &mut [f32; PART]) -> Sums {
    let mut all = Sums::default();
    for part in values.chunks(PART) {
        let integers = &mut integers[..part.len()];
        for (integer, &value) in integers.iter_mut().zip(part) {
            *integer = (clamp(value * inverse, low, high) + ROUND) - ROUND;
        }
        all.products += dot(part, integers);
        all.squares += dot(integers, integers);
    }
    all
}

/// The sum of the products of two rows.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *lane += a * b;
    }
    let lanes = [0, 1, 2, 3].map(|lane| lanes[lane] + lanes[lane + 4]);
    f64::from((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))
}

/// The sums of elements that count several times.
fn weighted_sums(values: &[f32], weights: &[f32], (inverse, (low, high)): (f32, (f32, f32))) -> Sums {
    values.iter().zip(weights).fold(Sums::default(), |sums, (&value, &weight)| {
        let integer = f64::from((clamp(value * inverse, low, high) + ROUND) - ROUND);
        let heavy = f64::from(weight) * integer;
        Sums { products: sums.products + f64::from(value) * heavy, squares: sums.squares + integer * heavy }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_are_the_nearest() {
        for code in 0..0x7BFF_u16 {
            let [low, high] = [code, code + 1].map(|code| f16::from_bits(code).to_f32());
            for number in [low, low.next_up(), (low + high) / 2.0, ((low + high) / 2.0).next_up(), high] {
                assert_eq!(half_of(number), f16::from_f32(number).to_f32(), "{number:e}");
            }
        }
    }
}
