//! Elements of a weight, as single floats or as the bits of half floats.

use half::f16;
use half::slice::HalfFloatSliceExt;
use mil_tensor::{DType, Tensor};

use crate::CompressError;

/// Elements that are read at once where nothing asks for another number: they stay in a core's own cache.
pub(crate) const TILE: usize = 32 << 10;

/// Reads ranges of a weight into buffers that are used again.
pub(crate) struct Reader<'t> {
    tensor: &'t Tensor,
    halves: Vec<f16>,
    singles: Vec<f32>,
    doubles: Vec<f64>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(tensor: &'t Tensor) -> Reader<'t> {
        Reader { tensor, halves: Vec::new(), singles: Vec::new(), doubles: Vec::new() }
    }

    /// The bits of `count` half floats from element `first` on; the tensor holds such.
    pub(crate) fn bits(&mut self, first: usize, count: usize) -> Result<&[u16], CompressError> {
        self.halves.resize(count, f16::ZERO);
        self.tensor.read_bytes(first * 2, bytemuck::cast_slice_mut(&mut self.halves))?;
        Ok(bytemuck::cast_slice(&self.halves))
    }

    /// The values of `count` elements from element `first` on: exact for half and single floats, and for
    /// integers of up to 24 bits.
    pub(crate) fn floats(&mut self, first: usize, count: usize) -> Result<&mut [f32], CompressError> {
        self.singles.resize(count, 0.0);
        match self.tensor.dtype() {
            DType::Fp16 => {
                self.bits(first, count)?;
                self.halves.convert_to_f32_slice(&mut self.singles);
            }
            DType::Fp32 => {
                self.tensor.read_bytes(first * 4, bytemuck::cast_slice_mut(&mut self.singles))?;
            }
            _ => {
                self.doubles.resize(count, 0.0);
                self.tensor.read_f64s(first, &mut self.doubles)?;
                for (single, &double) in self.singles.iter_mut().zip(&self.doubles) {
                    *single = double as f32;
                }
            }
        }
        Ok(&mut self.singles)
    }
}

/// Whether weights of this type can be compressed: they are numbers that single floats hold.
pub(crate) fn check_type(dtype: DType) -> Result<(), CompressError> {
    let narrow = dtype.bits().is_some_and(|bits| bits <= 16) && dtype != DType::Bool;
    if narrow || dtype == DType::Fp32 { Ok(()) } else { Err(CompressError::Type(dtype)) }
}

/// Whether all elements are finite.
pub(crate) fn all_finite(tensor: &Tensor) -> Result<bool, CompressError> {
    if !tensor.dtype().is_float() {
        return Ok(true);
    }
    let tiles = crate::par::map(tensor.len().div_ceil(TILE), |tile| {
        let mut reader = Reader::new(tensor);
        let (first, count) = (tile * TILE, TILE.min(tensor.len() - tile * TILE));
        if tensor.dtype() == DType::Fp16 {
            return Ok(
                reader.bits(first, count)?.iter().fold(0, |max, &bits| max.max(bits & 0x7FFF)) < 0x7C00
            );
        }
        Ok(reader.floats(first, count)?.iter().fold(true, |all, value| all & value.is_finite()))
    })?;
    Ok(tiles.into_iter().all(|finite| finite))
}
