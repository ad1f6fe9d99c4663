//! Linear quantization: integers, with a scale and perhaps a zero point for each block.

mod apply;
mod range;
mod short;

pub(crate) use range::extents;

use mil_tensor::{DType, Tensor};

use crate::read::check_type;
use crate::sparse::Dequantize;
use crate::{Blocks, CompressError};

/// How the range of a block's integers is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// It holds all elements.
    Extent,
    /// The one with the least squared error of some that are tried: large elements may be clipped. Never
    /// worse than [`Range::Extent`].
    #[default]
    Search,
}

/// What kind of integers to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// `Int4`, `Uint4`, `Int8` or `Uint8`.
    pub dtype: DType,
    /// Zero stands in the middle of the integers; otherwise each block has a zero point, and its range holds
    /// zero and need not lie around it.
    pub symmetric: bool,
    /// How the range is chosen.
    pub range: Range,
}

/// A weight as integers.
#[derive(Clone, Debug)]
pub struct Quantized {
    /// The integers, computed when they are read.
    pub data: Tensor,
    /// The scale of each block, in the type of the weight.
    pub scale: Tensor,
    /// The integer that stands for zero, for each block; `None` where it is 0.
    pub offset: Option<Tensor>,
    blocks: Blocks,
}

impl Quantized {
    /// Integers of their parts, with a scale and an offset for each block.
    pub fn of_parts(data: Tensor, scale: Tensor, offset: Option<Tensor>, blocks: Blocks) -> Quantized {
        Quantized { data, scale, offset, blocks }
    }

    /// The weight that the integers stand for, computed when it is read.
    pub fn dense(&self) -> Result<Tensor, CompressError> {
        Dequantize::new(&self.data, &self.scale, self.offset.as_ref(), &self.blocks)?.tensor()
    }
}

/// The parameters of a block: an element `w` becomes `round(w / scale)`, no less than `low` and no more than
/// `high`, plus `zero`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Parameters {
    /// Rounded to the type in which it is stored.
    scale: f32,
    zero: i32,
}

/// What integers there are.
#[derive(Clone, Copy, Debug)]
struct Integers {
    least: i32,
    most: i32,
    /// The middle, where the quantization is symmetric.
    zero: Option<i32>,
    /// The farthest that the extent reaches from the middle, where the quantization is symmetric.
    reach: i32,
}

impl Options {
    fn integers(&self) -> Result<Integers, CompressError> {
        let (bits, signed) = match self.dtype {
            DType::Int4 => (4, true),
            DType::Uint4 => (4, false),
            DType::Int8 => (8, true),
            DType::Uint8 => (8, false),
            other => return Err(CompressError::Option(format!("weights are not quantized to {other}"))),
        };
        let half = 1 << (bits - 1);
        let (least, most) = if signed { (-half, half - 1) } else { (0, 2 * half - 1) };
        let zero = match (self.symmetric, signed) {
            (false, _) => None,
            (true, true) => Some(0),
            (true, false) => Some(half - 1),
        };
        Ok(Integers { least, most, zero, reach: half - 1 })
    }
}

/// Finds integers for a weight, with a scale for each block.
pub fn quantize(weight: &Tensor, blocks: &Blocks, options: Options) -> Result<Quantized, CompressError> {
    check_type(weight.dtype())?;
    if !weight.dtype().is_float() {
        return Err(CompressError::Type(weight.dtype()));
    }
    if weight.is_empty() {
        return Err(CompressError::Option("the weight has no elements".into()));
    }
    let integers = options.integers()?;
    let found = range::find(weight, blocks, integers, options.range)?;
    let scales: Vec<f64> = found.iter().map(|found| f64::from(found.scale)).collect();
    let scale = Tensor::from_f64s(weight.dtype(), blocks.counts(), &scales)?;
    let offset = match integers.zero {
        Some(0) => None,
        _ => {
            let zeros: Vec<f64> = found.iter().map(|found| f64::from(found.zero)).collect();
            Some(Tensor::from_f64s(options.dtype, blocks.counts(), &zeros)?)
        }
    };
    let data = apply::integers(weight, blocks, found, integers, options.dtype)?;
    Ok(Quantized { data, scale, offset, blocks: blocks.clone() })
}

/// The integers of a weight for given scales and offsets, one of each for each block.
pub fn quantize_with(
    weight: &Tensor,
    blocks: &Blocks,
    options: Options,
    scale: &Tensor,
    offset: Option<&Tensor>,
) -> Result<Quantized, CompressError> {
    let integers = options.integers()?;
    let zeros = offset.map(Tensor::to_f64s).transpose()?;
    let scales = scale.to_f64s()?;
    if scales.len() != blocks.count() || zeros.as_ref().is_some_and(|zeros| zeros.len() != scales.len()) {
        return Err(CompressError::Option("not one scale and offset for each block".into()));
    }
    let zero = |at: usize| zeros.as_ref().and_then(|zeros| zeros.get(at)).map_or(0, |&zero| zero as i32);
    let found = scales.iter().enumerate();
    let found = found.map(|(at, &scale)| Parameters { scale: scale as f32, zero: zero(at) }).collect();
    let data = apply::integers(weight, blocks, found, integers, options.dtype)?;
    Ok(Quantized { data, scale: scale.clone(), offset: offset.cloned(), blocks: blocks.clone() })
}

/// The weight that integers stand for, where `scale` has as many axes as they and divides them into blocks;
/// computed when it is read.
pub fn dense(data: &Tensor, scale: &Tensor, offset: Option<&Tensor>) -> Result<Tensor, CompressError> {
    let blocks = Blocks::new(data.shape(), scale.shape())?;
    Dequantize::new(data, scale, offset, &blocks)?.tensor()
}

/// The largest magnitude of each block.
pub(crate) fn largest(weight: &Tensor, blocks: &Blocks) -> Result<Vec<f32>, CompressError> {
    let extents = range::extents(&blocks.rows(weight)?)?;
    Ok(extents.into_iter().map(|(least, most)| most.max(-least)).collect())
}

#[cfg(test)]
mod tests;
