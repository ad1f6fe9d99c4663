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

/// By how much the extent is first made smaller, and by what factor again while that helps; for a few bits
/// and for many.
const FEW: (&[f32], f32) = (&[1.0, 1.086, 1.172], 1.09);
const MANY: (&[f32], f32) = (&[1.0, 1.025, 1.055], 1.04);

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
        return (0..count).map(|row| Ok(integers.search(&counted(&rows, row * size, size)?, dtype))).collect();
    }
    let share = (SHARE / size.max(1)).max(1);
    let found = par::map(count.div_ceil(share), |job| {
        let mut reader = Reader::new(&rows);
        let first = job * share;
        let values = reader.floats(first * size, share.min(count - first) * size)?;
        let each = values.chunks_exact(size).map(|values| {
            let extent = extent(values)?;
            Ok(integers.search(&Row { values: values.into(), weights: None, extent }, dtype))
        });
        each.collect::<Result<Vec<_>, CompressError>>()
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
                    all = join(all, extent(reader.floats(row * size + at, count)?)?);
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
        values.chunks_exact(size).map(extent).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn join(a: (f32, f32), b: (f32, f32)) -> (f32, f32) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The least and the largest of some elements, which are finite.
fn extent(values: &[f32]) -> Result<(f32, f32), CompressError> {
    const LANES: usize = 8;
    let (mut least, mut most) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    // 0 times what is not finite is not a number.
    let mut finite = [0.0_f32; LANES];
    let mut each = |at: usize, value: f32| {
        least[at] = if value < least[at] { value } else { least[at] };
        most[at] = if value > most[at] { value } else { most[at] };
        finite[at] += value * 0.0;
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        chunk.iter().enumerate().for_each(|(at, &value)| each(at, value));
    }
    rest.iter().enumerate().for_each(|(at, &value)| each(at, value));
    if finite.iter().any(|sum| sum.is_nan()) {
        return Err(CompressError::NotFinite);
    }
    Ok((least.into_iter().fold(f32::INFINITY, f32::min), most.into_iter().fold(f32::NEG_INFINITY, f32::max)))
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
    let extent = extent(&values)?;
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
        let (factors, step) = if self.most - self.least < 32 { FEW } else { MANY };
        let mut best = (f64::INFINITY, self.of_extent(row.extent, 1.0, dtype));
        let mut factor = 1.0;
        for turn in 0.. {
            factor = factors.get(turn).copied().unwrap_or(factor * step);
            let found = self.of_extent(row.extent, factor, dtype);
            let (error, found) = self.refined(row, found, dtype);
            let better = error < best.0;
            if better {
                best = (error, found);
            }
            if turn + 1 >= factors.len() && (!better || factor > SMALLEST) {
                break;
            }
        }
        best.1
    }

    /// The squared error of these parameters beside the sum of all squares, or those with a better scale for
    /// the same integers. Choosing the integers anew makes it only less.
    fn refined(self, row: &Row<'_>, found: Parameters, dtype: DType) -> (f64, Parameters) {
        let inverse = found.scale.recip();
        let (low, high) = ((self.least - found.zero) as f32, (self.most - found.zero) as f32);
        let (products, squares) = match &row.weights {
            None => sums(&row.values, inverse, low, high),
            Some(weights) => weighted_sums(&row.values, weights, inverse, low, high),
        };
        let error = |scale: f32| f64::from(scale) * (f64::from(scale) * squares - 2.0 * products);
        let own = (error(found.scale), found);
        if squares == 0.0 || products <= 0.0 {
            return own;
        }
        let largest = row.extent.1.max(-row.extent.0);
        let scale = rounded((products / squares) as f32, largest, dtype);
        let fitted = (error(scale), Parameters { scale, ..found });
        if fitted.0 < own.0 { fitted } else { own }
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
    let becomes = half.to_f32() * libm::rintf(largest / half.to_f32());
    if f16::from_f32(becomes).is_infinite() { f16::from_bits(half.to_bits() - 1) } else { half }.to_f32()
}

/// The sums of products of elements with their integers, and of squares of the integers.
fn sums(values: &[f32], inverse: f32, low: f32, high: f32) -> (f64, f64) {
    const LANES: usize = 8;
    /// Singles add up so many numbers well.
    const PART: usize = 512;
    let (mut all_products, mut all_squares) = (0.0, 0.0);
    for part in values.chunks(PART) {
        let (mut products, mut squares) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        let mut each = |at: usize, value: f32| {
            let integer = (clamp(value * inverse, low, high) + ROUND) - ROUND;
            products[at] += value * integer;
            squares[at] += integer * integer;
        };
        let (chunks, rest) = part.as_chunks::<LANES>();
        for chunk in chunks {
            chunk.iter().enumerate().for_each(|(at, &value)| each(at, value));
        }
        rest.iter().enumerate().for_each(|(at, &value)| each(at, value));
        all_products += f64::from(products.iter().sum::<f32>());
        all_squares += f64::from(squares.iter().sum::<f32>());
    }
    (all_products, all_squares)
}

/// The same for elements that count several times.
fn weighted_sums(values: &[f32], weights: &[f32], inverse: f32, low: f32, high: f32) -> (f64, f64) {
    values.iter().zip(weights).fold((0.0, 0.0), |(products, squares), (&value, &weight)| {
        let integer = f64::from((clamp(value * inverse, low, high) + ROUND) - ROUND);
        let heavy = f64::from(weight) * integer;
        (products + f64::from(value) * heavy, squares + integer * heavy)
    })
}
