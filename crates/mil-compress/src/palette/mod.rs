//! Palettes: each element of a weight is replaced by the index of a table entry.

mod fit;
mod nearest;
mod table;

pub(crate) use nearest::{key, unwrap};

use mil_tensor::{DType, Tensor};

use crate::read::check_type;
use crate::sparse::LookUp;
use crate::{Blocks, CompressError};

/// How the entries of a table are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// The entries with the least squared error. For numbers they are optimal; for vectors nobody can tell.
    Kmeans,
    /// Evenly from the least to the largest value.
    Uniform,
    /// The distinct values themselves, which must be few enough.
    Unique,
    /// These, for every group.
    Custom(Vec<f64>),
}

/// What kind of palette to find.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the entries are found.
    pub mode: Mode,
    /// Bits of an index: 1, 2, 3, 4, 6 or 8. `None`: the fewest that name all entries of the mode.
    pub bits: Option<usize>,
    /// Vectors of so many elements that follow each other along this axis, of which each has one index.
    pub vectors: Option<Vectors>,
    /// Each slice along this axis is first divided by its largest magnitude.
    pub scale_axis: Option<usize>,
    /// Elements that are zero do not count: somebody else says which they are.
    pub ignore_zeros: bool,
}

impl Options {
    /// A palette of so many bits, with one table for each group.
    pub fn new(mode: Mode, bits: usize) -> Options {
        Options { mode, bits: Some(bits), vectors: None, scale_axis: None, ignore_zeros: false }
    }
}

/// Vectors of elements that share an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors {
    /// The axis along which the elements of a vector follow each other.
    pub axis: usize,
    /// Elements of a vector.
    pub width: usize,
}

/// A weight as indices and tables.
#[derive(Clone, Debug)]
pub struct Palette {
    /// The indices, computed when they are read.
    pub indices: Tensor,
    /// The tables: the groups along each axis, then the entries, then the elements of an entry.
    pub lut: Tensor,
    /// The axis along which vectors lie, where there are any.
    pub vector_axis: Option<usize>,
    /// What the elements of each slice along an axis are multiplied with in the end: as many axes as the
    /// weight.
    pub scale: Option<Tensor>,
    dtype: DType,
}

impl Palette {
    /// A palette of its parts, for a weight of a type.
    pub fn of_parts(
        indices: Tensor,
        lut: Tensor,
        vector_axis: Option<usize>,
        scale: Option<Tensor>,
        dtype: DType,
    ) -> Palette {
        Palette { indices, lut, vector_axis, scale, dtype }
    }

    /// Bits of an index.
    pub fn bits(&self) -> usize {
        self.indices.dtype().bits().unwrap_or(8)
    }

    /// The weight that the palette stands for, computed when it is read.
    pub fn dense(&self) -> Result<Tensor, CompressError> {
        let dense = dense(&self.indices, &self.lut, self.vector_axis)?;
        match &self.scale {
            None => Ok(dense),
            Some(scale) => {
                let axis = scale.shape().iter().position(|&size| size > 1).unwrap_or(0);
                let scaled = dense.cast(DType::Fp32)?.scale_shift(axis, Some(scale), None)?;
                Ok(scaled.cast(self.dtype)?)
            }
        }
    }
}

/// Finds a palette for a weight, with one table for each block of `groups`.
///
/// `importance` says how much the squared error of each element counts; it has the shape of the weight.
pub fn palettize(
    weight: &Tensor,
    groups: &Blocks,
    options: &Options,
    importance: Option<&Tensor>,
) -> Result<Palette, CompressError> {
    check_type(weight.dtype())?;
    if weight.is_empty() {
        return Err(CompressError::Option("the weight has no elements".into()));
    }
    if importance.is_some_and(|importance| importance.shape() != weight.shape()) {
        return Err(CompressError::Option("the importance has another shape than the weight".into()));
    }
    let dtype = weight.dtype();
    let (weight, importance, scale) = match options.scale_axis {
        None => (weight.clone(), importance.cloned(), None),
        Some(axis) => {
            let (scaled, squares, scale) = scaled(weight, axis)?;
            let importance = match importance {
                // One or the other: the product of both has no expression.
                Some(own) => own.clone(),
                None => squares,
            };
            (scaled, Some(importance), Some(scale))
        }
    };
    let Some(vectors) = options.vectors.filter(|vectors| vectors.width > 1) else {
        let tables = fit::numbers(&weight, groups, options, importance.as_ref(), dtype)?;
        let indices = nearest::of_numbers(&weight, groups, &tables)?;
        let lut = tables.lut(groups.counts(), dtype)?;
        return Ok(Palette { indices, lut, vector_axis: None, scale, dtype });
    };
    let Vectors { axis, width } = vectors;
    let size = *weight.shape().get(axis).ok_or_else(|| CompressError::Option(format!("no axis {axis}")))?;
    // What divides a group divides the axis.
    let group = size / groups.counts()[axis];
    if !group.is_multiple_of(width) {
        return Err(CompressError::Divide { axis, size: group, by: width });
    }
    let (spread, shape) = spread_vectors(&weight, axis, width)?;
    let groups = Blocks::new(&shape, groups.counts())?;
    let tables = fit::vectors(&spread, &groups, options, width, dtype)?;
    let indices = nearest::of_vectors(&spread, &groups, &tables)?;
    let lut = tables.lut(groups.counts(), dtype)?;
    Ok(Palette { indices, lut, vector_axis: Some(axis), scale, dtype })
}

/// The weight that indices stand for, where `lut` has the groups along each axis, then the entries, then the
/// elements of an entry, which follow each other along `vector_axis`; computed when it is read.
pub fn dense(indices: &Tensor, lut: &Tensor, vector_axis: Option<usize>) -> Result<Tensor, CompressError> {
    let groups = Blocks::new(indices.shape(), lut.shape().get(..indices.rank()).unwrap_or_default())?;
    let looked_up = LookUp::new(indices, lut, &groups)?.tensor()?;
    match (vector_axis, lut.shape().last()) {
        (Some(axis), Some(&width)) if width > 1 && axis < indices.rank() => {
            gather_vectors(&looked_up, indices.shape(), axis, width)
        }
        _ => Ok(looked_up.reshaped(indices.shape())?),
    }
}

/// The weight with each slice along an axis divided by its largest magnitude; how much the error of each
/// element counts then; and the magnitudes.
fn scaled(weight: &Tensor, axis: usize) -> Result<(Tensor, Tensor, Tensor), CompressError> {
    let mut counts = vec![1; weight.rank()];
    let size = weight.shape().get(axis).ok_or_else(|| CompressError::Option(format!("no axis {axis}")))?;
    counts[axis] = *size;
    let blocks = Blocks::new(weight.shape(), &counts)?;
    let largest = crate::quantize::largest(weight, &blocks)?;
    let whole = |value: &f32| if *value == 0.0 { 1.0 } else { f64::from(*value) };
    let scale: Vec<f64> = largest.iter().map(whole).collect();
    let inverse: Vec<f64> = scale.iter().map(|scale| scale.recip()).collect();
    let squares: Vec<f64> = scale.iter().map(|scale| scale * scale).collect();
    let vector = |values: &[f64]| Tensor::from_slice(&[values.len()], values);
    let scaled = weight.cast(DType::Fp32)?.scale_shift(axis, Some(&vector(&inverse)?), None)?;
    let ones = Tensor::splat(weight.shape(), 1.0_f32);
    let squares = ones.scale_shift(axis, Some(&vector(&squares)?), None)?;
    Ok((scaled, squares, Tensor::from_f64s(weight.dtype(), &counts, &scale)?))
}

/// The elements vector by vector, and the shape that the vectors have: the axis is shorter.
fn spread_vectors(weight: &Tensor, axis: usize, width: usize) -> Result<(Tensor, Vec<usize>), CompressError> {
    let mut split = weight.shape().to_vec();
    split[axis] /= width;
    let shape = split.clone();
    split.insert(axis + 1, width);
    let order: Vec<usize> = (0..split.len()).filter(|&at| at != axis + 1).chain([axis + 1]).collect();
    Ok((weight.reshaped(&split)?.transposed(&order)?, shape))
}

/// The inverse: elements that come vector by vector, in the shape of the weight.
fn gather_vectors(
    spread: &Tensor,
    shape: &[usize],
    axis: usize,
    width: usize,
) -> Result<Tensor, CompressError> {
    let with_vectors: Vec<usize> = shape.iter().copied().chain([width]).collect();
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.insert(axis + 1, shape.len());
    let mut whole = shape.to_vec();
    whole[axis] *= width;
    Ok(spread.reshaped(&with_vectors)?.transposed(&order)?.reshaped(&whole)?)
}

fn index_type(bits: usize) -> Result<DType, CompressError> {
    DType::index(bits).ok_or_else(|| CompressError::Option(format!("indices of {bits} bits")))
}

#[cfg(test)]
mod tests;
