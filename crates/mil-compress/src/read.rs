//! Elements of a weight, as single floats or as the bits of half floats.

use mil_tensor::{DType, Tensor, vectorized};

use crate::CompressError;

/// Elements that are read at once where nothing asks for another number: they stay in a core's own cache.
pub(crate) const TILE: usize = 32 << 10;

/// Reads ranges of a weight into buffers that are used again.
pub(crate) struct Reader<'t> {
    tensor: &'t Tensor,
    halves: Vec<u16>,
    bytes: Vec<u8>,
    singles: Vec<f32>,
    doubles: Vec<f64>,
}

impl<'t> Reader<'t> {
    pub(crate) fn new(tensor: &'t Tensor) -> Reader<'t> {
        Reader { tensor, halves: Vec::new(), bytes: Vec::new(), singles: Vec::new(), doubles: Vec::new() }
    }

    /// The bits of `count` half floats from element `first` on; the tensor holds such.
    pub(crate) fn bits(&mut self, first: usize, count: usize) -> Result<&[u16], CompressError> {
        let stored = self.tensor.stored(first * 2, count * 2);
        if let Some(Ok(bits)) = stored.map(bytemuck::try_cast_slice) {
            return Ok(bits);
        }
        self.halves.resize(count, 0);
        self.tensor.read_bytes(first * 2, bytemuck::cast_slice_mut(&mut self.halves))?;
        Ok(&self.halves)
    }

    /// The values of `count` elements from element `first` on: exact for half and single floats, and for
    /// integers of up to 24 bits.
    pub(crate) fn floats(&mut self, first: usize, count: usize) -> Result<&mut [f32], CompressError> {
        let mut singles = std::mem::take(&mut self.singles);
        singles.resize(count, 0.0);
        self.fill(first, &mut singles)?;
        self.singles = singles;
        Ok(&mut self.singles)
    }

    fn fill(&mut self, first: usize, out: &mut [f32]) -> Result<(), CompressError> {
        match self.tensor.dtype() {
            DType::Fp16 => widen(self.bits(first, out.len())?, out),
            DType::Fp32 => self.tensor.read_bytes(first * 4, bytemuck::cast_slice_mut(out))?,
            dtype if !dtype.is_float() && dtype.bits().is_some_and(|bits| bits <= 8) => {
                self.bytes.resize(out.len(), 0);
                self.tensor.read_elements(first, &mut self.bytes)?;
                let (bytes, signed) = (&self.bytes, dtype.int_range().is_some_and(|(least, _)| least < 0));
                widen_bytes(bytes, signed, out);
            }
            _ => {
                self.doubles.resize(out.len(), 0.0);
                self.tensor.read_f64s(first, &mut self.doubles)?;
                for (single, &double) in out.iter_mut().zip(&self.doubles) {
                    *single = double as f32;
                }
            }
        }
        Ok(())
    }
}

vectorized! {
    /// Half floats as single floats.
    fn widen<'b, 'o>(bits: &'b [u16], out: &'o mut [f32]) {
        for (single, &bits) in out.iter_mut().zip(bits) {
            *single = single_of(bits);
        }
    }
}

vectorized! {
    /// Integers of a byte as single floats.
    fn widen_bytes<'b, 'o>(bytes: &'b [u8], signed: bool, out: &'o mut [f32]) {
        for (single, &byte) in out.iter_mut().zip(bytes) {
            *single = if signed { f32::from(byte as i8) } else { f32::from(byte) };
        }
    }
}

/// The value of a half float, in steps that vector units have.
#[inline(always)]
pub(crate) fn single_of(bits: u16) -> f32 {
    /// The value of the lowest bit of a number below the normal ones.
    const LOWEST: f32 = 1.0 / (1 << 24) as f32;
    let magnitude = u32::from(bits & 0x7FFF);
    // Exponents of single floats are larger by 112; that of infinity and NaN is the largest in both types.
    let special = if magnitude >= 0x7C00 { 0x7F80_0000 } else { 0 };
    let normal = ((magnitude << 13) + (112 << 23)) | special;
    let tiny = (magnitude as i32 as f32 * LOWEST).to_bits();
    let value = if magnitude < 0x400 { tiny } else { normal };
    f32::from_bits(value | u32::from(bits & 0x8000) << 16)
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
    let reader = || Reader::new(tensor);
    let tiles = crate::par::map_with(tensor.len().div_ceil(TILE), reader, |reader, tile| {
        let (first, count) = (tile * TILE, TILE.min(tensor.len() - tile * TILE));
        if tensor.dtype() == DType::Fp16 {
            return Ok(largest_magnitude(reader.bits(first, count)?) < 0x7C00);
        }
        Ok(are_finite(reader.floats(first, count)?))
    })?;
    Ok(tiles.into_iter().all(|finite| finite))
}

vectorized! {
    /// The largest magnitude of half floats, as bits.
    pub(crate) fn largest_magnitude<'b>(bits: &'b [u16]) -> u16 {
        // Signed maxima exist in every vector unit.
        bits.iter().fold(0, |most: i16, &bits| most.max((bits & 0x7FFF) as i16)) as u16
    }
}

vectorized! {
    /// Whether all numbers are finite.
    pub(crate) fn are_finite<'v>(values: &'v [f32]) -> bool {
        // Zero times what is not finite is not a number. Eight sums, for vector units.
        let mut sums = [0.0_f32; 8];
        let (chunks, rest) = values.as_chunks::<8>();
        for chunk in chunks {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *sum += value * 0.0;
            }
        }
        sums.iter().chain(rest).all(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    #[test]
    fn every_half_float_has_its_value() {
        for bits in 0..=u16::MAX {
            let (found, wanted) = (single_of(bits), f16::from_bits(bits).to_f32());
            assert!(found.to_bits() == wanted.to_bits() || (found.is_nan() && wanted.is_nan()), "{bits:04x}");
        }
    }
}
