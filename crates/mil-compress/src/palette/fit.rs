//! Finding the entries of tables.

use mil_tensor::{DType, Tensor};

use super::table::Tables;
use super::{Mode, Options};
use crate::distribution::{Distribution, Histogram};
use crate::kmeans::optimal::Search;
use crate::kmeans::vectors as vector_means;
use crate::read::{Reader, TILE};
use crate::{Blocks, CompressError, par, quantize};

/// Elements that one core looks at before another may help.
const SHARE: usize = 1 << 18;

/// Bits that an index may have, ascending.
const BITS: [usize; 6] = [1, 2, 3, 4, 6, 8];

/// The tables of a weight whose indices stand for single numbers.
pub(super) fn numbers(
    weight: &Tensor,
    groups: &Blocks,
    options: &Options,
    importance: Option<&Tensor>,
    dtype: DType,
) -> Result<Tables, CompressError> {
    let rows = groups.rows(weight)?;
    let importance = importance.map(|importance| groups.rows(importance)).transpose()?;
    let entries = options.bits.map_or(256, |bits| 1 << bits);
    if let Mode::Custom(given) = &options.mode {
        let bits = options.bits.map_or_else(|| bits_for(given.len()), Ok)?;
        return Tables::round(vec![given.clone(); groups.count()], 1, bits, dtype);
    }
    if options.mode == Mode::Uniform && importance.is_none() && !options.ignore_zeros {
        let extents = quantize::extents(&rows)?.into_iter();
        let found = extents.map(|(least, most)| even(least.into(), most.into(), entries)).collect();
        let bits = options.bits.map_or_else(|| bits_for(entries), Ok)?;
        return Tables::round(found, 1, bits, dtype);
    }
    let find = |values: &mut Distribution, search: &mut Search| match options.mode {
        Mode::Kmeans => Ok(search.centers(values, entries)),
        Mode::Uniform => Ok(match (values.values.first(), values.values.last()) {
            (Some(&least), Some(&most)) => even(least, most, entries),
            _ => Vec::new(),
        }),
        _ if values.len() > entries => Err(CompressError::Distinct(entries)),
        _ => Ok(values.values.clone()),
    };
    let found = each_row(&rows, importance.as_ref(), |values, search| {
        if options.ignore_zeros {
            values.remove_zero();
        }
        let mut entries = find(values, search)?;
        if entries.is_empty() {
            entries.push(0.0);
        }
        Ok(entries)
    })?;
    let most = found.iter().map(Vec::len).max().unwrap_or(1);
    let bits = options.bits.map_or_else(|| bits_for(most), Ok)?;
    Tables::round(found, 1, bits, dtype)
}

/// The tables of a weight whose indices stand for vectors, which follow each other.
pub(super) fn vectors(
    spread: &Tensor,
    groups: &Blocks,
    options: &Options,
    width: usize,
    dtype: DType,
) -> Result<Tables, CompressError> {
    let shape: Vec<usize> = groups.shape().iter().copied().chain([width]).collect();
    let counts: Vec<usize> = groups.counts().iter().copied().chain([1]).collect();
    let rows = Blocks::new(&shape, &counts)?.rows(&spread.reshaped(&shape)?)?;
    let entries = options.bits.map_or(256, |bits| 1 << bits);
    let size = groups.size() * width;
    let found = par::map(groups.count(), |group| {
        let mut reader = Reader::new(&rows);
        let points = reader.floats(group * size, size)?;
        match &options.mode {
            Mode::Kmeans => vector_means::centers(points, width, entries),
            Mode::Unique => distinct(points, width, entries),
            Mode::Uniform => Err(CompressError::Option("uniform tables hold numbers, not vectors".into())),
            Mode::Custom(given) if given.len() % width == 0 => {
                Ok(given.iter().map(|&value| value as f32).collect())
            }
            Mode::Custom(_) => Err(CompressError::Option("the given table does not hold vectors".into())),
        }
    })?;
    let most = found.iter().map(|entries| entries.len() / width).max().unwrap_or(1);
    let bits = options.bits.map_or_else(|| bits_for(most), Ok)?;
    let wide = |entries: Vec<f32>| entries.into_iter().map(f64::from).collect();
    Tables::round(found.into_iter().map(wide).collect(), width, bits, dtype)
}

/// The fewest bits that name so many entries.
fn bits_for(entries: usize) -> Result<usize, CompressError> {
    BITS.into_iter().find(|&bits| entries <= 1 << bits).ok_or(CompressError::Distinct(256))
}

/// Entries evenly from the least to the largest value.
fn even(least: f64, most: f64, entries: usize) -> Vec<f64> {
    let step = (most - least) / (entries - 1).max(1) as f64;
    (0..entries).map(|at| least + at as f64 * step).collect()
}

/// The distinct vectors, sorted.
fn distinct(points: &[f32], width: usize, entries: usize) -> Result<Vec<f32>, CompressError> {
    let mut found: Vec<&[f32]> = Vec::new();
    for point in points.chunks_exact(width) {
        if let Err(at) = found.binary_search_by(|known| compare(known, point)) {
            if found.len() == entries {
                return Err(CompressError::Distinct(entries));
            }
            found.insert(at, point);
        }
    }
    Ok(found.concat())
}

/// By the first element that differs.
fn compare(a: &[f32], b: &[f32]) -> std::cmp::Ordering {
    let differing = a.iter().zip(b).find(|(a, b)| a != b);
    differing.map_or(std::cmp::Ordering::Equal, |(a, b)| a.total_cmp(b))
}

/// What `find` makes of the distribution of each row.
fn each_row(
    rows: &Tensor,
    importance: Option<&Tensor>,
    find: impl Fn(&mut Distribution, &mut Search) -> Result<Vec<f64>, CompressError> + Send + Sync,
) -> Result<Vec<Vec<f64>>, CompressError> {
    let (count, size) = (rows.shape()[0], rows.shape()[1]);
    let find_once = |mut values: Distribution| find(&mut values, &mut Search::default());
    if let Some(importance) = importance {
        return par::map(count, |row| {
            let (mut values, mut weights) = (Reader::new(rows), Reader::new(importance));
            let values = values.floats(row * size, size)?;
            find_once(Distribution::of_weighted(values, weights.floats(row * size, size)?)?)
        });
    }
    if rows.dtype() != DType::Fp16 {
        return par::map(count, |row| {
            find_once(Distribution::of_singles(Reader::new(rows).floats(row * size, size)?)?)
        });
    }
    if count == 1 {
        return Ok(vec![find_once(Histogram::of(rows, 0, size)?.take()?)?]);
    }
    let share = (SHARE / size.max(1)).max(1);
    let tools = || (Reader::new(rows), Histogram::new(), Distribution::default(), Search::default());
    let found = par::map_with(count.div_ceil(share), tools, |(reader, histogram, values, search), job| {
        let rows = job * share..((job + 1) * share).min(count);
        rows.map(|row| {
            for at in (0..size).step_by(TILE) {
                histogram.add(reader.bits(row * size + at, TILE.min(size - at))?);
            }
            histogram.take_into(values)?;
            find(values, search)
        })
        .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(found.into_iter().flatten().collect())
}
