//! Scales and zero points: of the extent of each block, or with the least error of some that are tried.

use half::f16;
use mil_tensor::{DType, Tensor};

use super::apply::{ROUND, clamp};
use super::{Integers, Parameters, Range};
use crate::distribution::{Distribution, Histogram};
use crate::read::{Reader, TILE};
use crate::{Blocks, CompressError, par};

/// Elements that one core looks at before another may help.
const SHARE: usize = 1 << 17;

/// Rows of more elements are counted instead of being held in memory.
const LONG: usize = 1 << 20;

/// By how much the extent of few bits is first made smaller, and by what factor again while that helps.
const FEW: ([f32; 3], f32) = ([1.0, 1.086, 1.172], 1.09);

/// The same for many bits, where there is little to gain.
const MANY: ([f32; 1], f32) = ([1.0], 1.03);

/// The range is not made smaller than the extent by more than this.
const SMALLEST: f32 = 16.0;

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
        return (0..count)
            .map(|row| Ok(integers.search(&counted(&rows, row * size, size)?, dtype)))
            .collect();
    }
    let share = (SHARE / size.max(1)).max(1);
    let found = par::map(count.div_ceil(share), |job| {
        let mut reader = Reader::new(&rows);
        let first = job * share;
        let values = reader.floats(first * size, share.min(count - first) * size)?;
        check_finite(values)?;
        let each = values.chunks_exact(size).map(|values| {
            integers.search(&Row { values: values.into(), weights: None, extent: extent(values) }, dtype)
        });
        Ok(each.collect::<Vec<_>>())
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// The least and the largest element of each row.
pub(super) fn extents(rows: &Tensor) -> Result<Vec<(f32, f32)>, CompressError> {
    let (count, size) = (rows.shape()[0], rows.shape()[1]);
    if size > SHARE {
        let row = |row: usize| {
            let parts = par::map(size.div_ceil(SHARE), |part| {
                let (mut reader, mut all) = (Reader::new(rows), (f32::INFINITY, f32::NEG_INFINITY));
                for at in (part * SHARE..((part + 1) * SHARE).min(size)).step_by(TILE) {
                    let count = TILE.min(((part + 1) * SHARE).min(size) - at);
                    let values = reader.floats(row * size + at, count)?;
                    check_finite(values)?;
                    all = join(all, extent(values));
                }
                Ok(all)
            })?;
            Ok(parts.into_iter().fold((f32::INFINITY, f32::NEG_INFINITY), join))
        };
        return (0..count).map(row).collect();
    }
    let share = (SHARE / size.max(1)).max(1);
    let found = par::map(count.div_ceil(share), |job| {
        let mut reader = Reader::new(rows);
        let first = job * share;
        let values = reader.floats(first * size, share.min(count - first) * size)?;
        check_finite(values)?;
        Ok(values.chunks_exact(size).map(extent).collect::<Vec<_>>())
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn join(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The least and the largest of some elements.
fn extent(values: &[f32]) -> (f32, f32) {
    const LANES: usize = 8;
    let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (at, &value) in chunk.iter().enumerate() {
            least[at] = if value < least[at] { value } else { least[at] };
            most[at] = if value > most[at] { value } else { most[at] };
        }
    }
    let lesser = |a: f32, &b: &f32| if b < a { b } else { a };
    let larger = |a: f32, &b: &f32| if b > a { b } else { a };
    let (least, most) = (least.iter().chain(rest), most.iter().chain(rest));
    (least.fold(f32::INFINITY, lesser), most.fold(f32::NEG_INFINITY, larger))
}

fn check_finite(values: &[f32]) -> Result<(), CompressError> {
    // Zero times what is not finite is not a number. Eight sums, for vector units.
    let mut sums = [0.0_f32; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value * 0.0);
    }
    let finite = sums.iter().chain(rest).all(|value| value.is_finite());
    if finite { Ok(()) } else { Err(CompressError::NotFinite) }
}

/// The elements of a block, or its distinct elements and how many there are of each.
struct Row<'v> {
    values: std::borrow::Cow<'v, [f32]>,
    weights: Option<Vec<f32>>,
    extent: (f32, f32),
}

/// The distinct elements of a row.
fn counted(rows: &Tensor, first: usize, size: usize) -> Result<Row<'static>, CompressError> {
    let found = match rows.dtype() {
        DType::Fp16 => Histogram::of(rows, first, size)?.take()?,
        _ => Distribution::of_singles(Reader::new(rows).floats(first, size)?)?,
    };
    let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
    let values = single(&found.values);
    let extent = extent(&values);
    Ok(Row { values: values.into(), weights: Some(single(&found.weights)), extent })
}

impl Integers {
    /// The parameters for a block of this extent, made smaller by a factor.
    fn of_extent(self, (least, most): (f32, f32), factor: f32, dtype: DType) -> Parameters {
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

    /// The parameters with the least squared error of those that are tried.
    fn search(self, row: &Row<'_>, dtype: DType) -> Parameters {
        if self.most - self.least < 32 {
            self.try_all(row, dtype, FEW)
        } else {
            self.try_all(row, dtype, MANY)
        }
    }

    fn try_all<const N: usize>(
        self,
        row: &Row<'_>,
        dtype: DType,
        (factors, step): ([f32; N], f32),
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
        let mut sums = row.sums(tried.map(|(inverse, zero)| (inverse, range(zero))));
        let mut best = 0;
        for at in 1..tried.len() {
            if sums[at].gain() > sums[best].gain() {
                best = at;
            }
        }
        while best == tried.len() - 1 && factor < SMALLEST {
            factor *= step;
            let next = (extent.scale.recip() * factor, zero(factor));
            let [found, ..] = row.sums([(next.0, range(next.1))]);
            if found.gain() <= sums[best].gain() {
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
struct Sums {
    /// Of products of elements with their integers.
    products: f64,
    /// Of squares of the integers.
    squares: f64,
}

impl Sums {
    /// How much less the squared error is than the sum of all squares, with the best scale.
    fn gain(&self) -> f64 {
        if self.squares > 0.0 { self.products * self.products / self.squares } else { 0.0 }
    }

    /// The squared error beside the sum of all squares.
    fn error(&self, scale: f32) -> f64 {
        f64::from(scale) * (f64::from(scale) * self.squares - 2.0 * self.products)
    }
}

/// A scale in the type in which it is stored. It is never 0, the scale of a block of zeros is 1, and what the
/// largest element becomes is finite.
fn rounded(scale: f32, largest: f32, dtype: DType) -> f32 {
    if scale == 0.0 {
        return 1.0;
    }
    if dtype != DType::Fp16 {
        let scale = scale.max(f32::MIN_POSITIVE);
        let overflows = (scale * libm::rintf(largest / scale)).is_infinite();
        return if overflows { scale.next_down() } else { scale };
    }
    let half = f16::from_f32(scale).max(f16::from_bits(1));
    if largest < f16::MAX.to_f32() / 2.0 {
        return half.to_f32();
    }
    let becomes = half.to_f32() * libm::rintf(largest / half.to_f32());
    if f16::from_f32(becomes).is_infinite() { f16::from_bits(half.to_bits() - 1) } else { half }.to_f32()
}

impl Row<'_> {
    /// The sums for several inverses of scales, each with the range of the integers.
    fn sums<const N: usize>(&self, tried: [(f32, (f32, f32)); N]) -> [Sums; N] {
        match &self.weights {
            None => sums(&self.values, tried),
            Some(weights) => tried.map(|tried| weighted_sums(&self.values, weights, tried)),
        }
    }
}

/// Elements that vector units take at once.
const LANES: usize = 4;

/// The sums of elements that count once.
fn sums<const N: usize>(values: &[f32], tried: [(f32, (f32, f32)); N]) -> [Sums; N] {
    /// Singles add up so many numbers well.
    const PART: usize = 512;
    let mut all = [Sums::default(); N];
    for part in values.chunks(PART) {
        let mut lanes = [[[0.0_f32; LANES]; 2]; N];
        let (chunks, rest) = part.as_chunks::<LANES>();
        for chunk in chunks {
            add(chunk, &tried, &mut lanes);
        }
        if !rest.is_empty() {
            // Zeros add nothing.
            let mut last = [0.0; LANES];
            last[..rest.len()].copy_from_slice(rest);
            add(&last, &tried, &mut lanes);
        }
        let sum = |lanes: [f32; LANES]| f64::from((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
        for (all, [products, squares]) in all.iter_mut().zip(lanes) {
            all.products += sum(products);
            all.squares += sum(squares);
        }
    }
    all
}

/// Adds the products and squares of some elements.
#[inline(always)]
fn add<const N: usize>(
    chunk: &[f32; LANES],
    tried: &[(f32, (f32, f32)); N],
    lanes: &mut [[[f32; LANES]; 2]; N],
) {
    for n in 0..N {
        let (inverse, (low, high)) = tried[n];
        for at in 0..LANES {
            let integer = (clamp(chunk[at] * inverse, low, high) + ROUND) - ROUND;
            lanes[n][0][at] += chunk[at] * integer;
            lanes[n][1][at] += integer * integer;
        }
    }
}

/// The sums of elements that count several times.
fn weighted_sums(values: &[f32], weights: &[f32], (inverse, (low, high)): (f32, (f32, f32))) -> Sums {
    values.iter().zip(weights).fold(Sums::default(), |sums, (&value, &weight)| {
        let integer = f64::from((clamp(value * inverse, low, high) + ROUND) - ROUND);
        let heavy = f64::from(weight) * integer;
        Sums { products: sums.products + f64::from(value) * heavy, squares: sums.squares + integer * heavy }
    })
}
