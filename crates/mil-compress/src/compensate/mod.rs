//! Rounding that makes up for its own errors, as GPTQ does (Frantar et al. 2022, <https://arxiv.org/abs/2210.17323>):
//! an error in one element is taken back by the elements that are rounded after it, as far as the inputs of
//! the layer go together.
//!
//! A [`Gram`] gathers what those inputs are like, and becomes [`Inputs`]. Scales and tables stay as a plain fit found them, so that the
//! result takes as many bytes; only the integers and indices differ. What a row of the weight, which is an
//! output channel, gives for the calibration inputs is never farther from the original than with plain
//! rounding: the better of both is kept for each row.

mod cholesky;
mod dots;
mod gram;
mod grid;
mod inputs;
mod rounding;

pub use gram::Gram;
pub use inputs::Inputs;

use mil_tensor::{Computation, DType, Tensor, TensorError};

use crate::palette::Palette;
use crate::quantize::Quantized;
use crate::read::Reader;
use crate::{Blocks, CompressError};
use grid::{Entries, Grid, Integers};

/// What a weight loses in what its layer gives, over all calibration inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gain {
    /// Squared error of the layer's results with plain rounding.
    pub plain: f64,
    /// The same with the rounding that makes up for errors: never more.
    pub compensated: f64,
}

/// The same quantization with other integers: those that change least what the layer gives.
///
/// `plain` is a quantization of `weight` by `blocks`; `output_axis` is the axis of the output channels.
pub fn quantized(
    weight: &Tensor,
    blocks: &Blocks,
    plain: &Quantized,
    inputs: &Inputs,
    output_axis: usize,
) -> Result<(Quantized, Gain), CompressError> {
    let grid = Integers::new(plain)?;
    let (data, gain) = codes(weight, blocks, &grid, inputs, output_axis, plain.data.dtype())?;
    let mut found = plain.clone();
    found.data = data;
    Ok((found, gain))
}

/// The same palette with other indices: those that change least what the layer gives.
///
/// `plain` is a palette of `weight` whose indices stand for single numbers, with one table for each block of
/// `groups`.
pub fn palettized(
    weight: &Tensor,
    groups: &Blocks,
    plain: &Palette,
    inputs: &Inputs,
    output_axis: usize,
) -> Result<(Palette, Gain), CompressError> {
    if plain.vector_axis.is_some() {
        return Err(CompressError::Option("an index of a vector cannot make up for single errors".into()));
    }
    let grid = Entries::new(plain, weight, output_axis)?;
    let (indices, gain) = codes(weight, groups, &grid, inputs, output_axis, plain.indices.dtype())?;
    let mut found = plain.clone();
    found.indices = indices;
    Ok((found, gain))
}

/// Integers or indices of a type for each element of a weight.
fn codes(
    weight: &Tensor,
    blocks: &Blocks,
    grid: &dyn Grid,
    inputs: &Inputs,
    output_axis: usize,
    dtype: DType,
) -> Result<(Tensor, Gain), CompressError> {
    inputs.check(weight.shape(), output_axis)?;
    let order = gram::rows_first(weight.rank(), output_axis);
    let by_rows = weight.transposed(&order)?;
    let (shape, count) = (by_rows.shape().to_vec(), weight.len());
    let values = Reader::new(&by_rows).floats(0, count)?.to_vec();
    if values.iter().any(|value| !value.is_finite()) {
        return Err(CompressError::NotFinite);
    }
    let places = places(weight.shape(), blocks)?.map(|places| places.transposed(&order)?.to_vec::<i32>());
    let places = places.transpose()?.unwrap_or_default();
    let (codes, gain) = rounding::rounded(&values, &places, inputs, grid)?;
    let codes = Tensor::from_bytes(DType::Uint8, &shape, codes)?.transposed(&inputs::inverse(&order))?;
    let narrow = Narrow { source: codes.nestable()? };
    // Packed now: the codes of all weights are held until the model is written.
    Ok((Tensor::computed_by(dtype, weight.shape(), narrow)?.materialized()?, gain))
}

/// The block of each element; `None` where there is one block.
fn places(shape: &[usize], blocks: &Blocks) -> Result<Option<Tensor>, TensorError> {
    if blocks.count() <= 1 {
        return Ok(None);
    }
    let mut places = vec![0_i32; shape.iter().product()];
    let len = places.len();
    for (range, segment) in blocks.segments(0, len) {
        for (at, place) in places[range].iter_mut().enumerate() {
            *place = segment.block(at) as i32;
        }
    }
    Tensor::from_slice(shape, &places).map(Some)
}

/// Bytes that are the elements of a narrower type.
#[derive(Debug)]
struct Narrow {
    source: Tensor,
}

impl Computation for Narrow {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.source)
    }

    fn key(&self) -> Vec<u8> {
        b"narrow".to_vec()
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        self.source.read_elements(first, out)
    }
}

#[cfg(test)]
mod tests;
