//! Decompressed weights. They are what the interpreter makes of the same op.

use half::slice::HalfFloatSliceExt;
use mil_tensor::{Computation, DType, Tensor, TensorError, vectorized};

use crate::blocks::Segment;
use crate::palette::{key, unwrap};
use crate::read::{Reader, TILE};
use crate::{Blocks, CompressError};

/// `scale * (data - offset)`, in single floats, rounded once.
#[derive(Debug)]
pub(crate) struct Dequantize {
    data: Tensor,
    dtype: DType,
    scale: Vec<f32>,
    offset: Vec<f32>,
    blocks: Blocks,
}

impl Dequantize {
    pub(crate) fn new(
        data: &Tensor,
        scale: &Tensor,
        offset: Option<&Tensor>,
        blocks: &Blocks,
    ) -> Result<Dequantize, CompressError> {
        let singles = |tensor: &Tensor| -> Result<Vec<f32>, CompressError> {
            Ok(tensor.to_f64s()?.into_iter().map(|value| value as f32).collect())
        };
        let offset = offset.map(singles).transpose()?.unwrap_or_else(|| vec![0.0; blocks.count()]);
        let (data, dtype) = (data.nestable()?, scale.dtype());
        Ok(Dequantize { data, dtype, scale: singles(scale)?, offset, blocks: blocks.clone() })
    }

    pub(crate) fn tensor(self) -> Result<Tensor, CompressError> {
        let (dtype, shape) = (self.dtype, self.blocks.shape().to_vec());
        Ok(Tensor::computed_by(dtype, &shape, self)?)
    }
}

impl Computation for Dequantize {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.data)
    }

    fn key(&self) -> Vec<u8> {
        let numbers = self.scale.iter().chain(&self.offset).map(|number| u64::from(number.to_bits()));
        key(b"dequantize", &self.blocks, numbers)
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        each_tile(&self.data, self.dtype, first, out, |first, values| scale_of(self, first, values))
    }
}

vectorized! {
    /// Scales and shifts numbers from element `first` on.
    fn scale_of<'d, 'v>(op: &'d Dequantize, first: usize, values: &'v mut [f32]) {
        for (range, segment) in op.blocks.segments(first, values.len()) {
            match segment {
                Segment::Same(block) => {
                    let (scale, offset) = (op.scale[block], op.offset[block]);
                    for value in &mut values[range] {
                        *value = scale * (*value - offset);
                    }
                }
                Segment::Each(block) => {
                    let each = op.scale[block..].iter().zip(&op.offset[block..]);
                    for (value, (scale, offset)) in values[range].iter_mut().zip(each) {
                        *value = scale * (*value - offset);
                    }
                }
            }
        }
    }
}

/// Elements of tables. Those of a vector follow each other.
#[derive(Debug)]
pub(crate) struct LookUp {
    indices: Tensor,
    dtype: DType,
    /// All tables, one after another.
    entries: Vec<f32>,
    /// Entries of a table.
    count: usize,
    width: usize,
    groups: Blocks,
}

impl LookUp {
    /// `lut` has the groups along each axis, then the entries, then the elements of an entry.
    pub(crate) fn new(indices: &Tensor, lut: &Tensor, groups: &Blocks) -> Result<LookUp, CompressError> {
        let [.., count, width] = *lut.shape() else {
            return Err(CompressError::Option("the look-up table has too few axes".into()));
        };
        let entries = lut.to_f64s()?.into_iter().map(|value| value as f32).collect();
        let (indices, dtype) = (indices.nestable()?, lut.dtype());
        Ok(LookUp { indices, dtype, entries, count, width, groups: groups.clone() })
    }

    /// A vector of all elements.
    pub(crate) fn tensor(self) -> Result<Tensor, CompressError> {
        let (dtype, len) = (self.dtype, self.indices.len() * self.width);
        Ok(Tensor::computed_by(dtype, &[len], self)?)
    }
}

impl Computation for LookUp {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.indices)
    }

    fn key(&self) -> Vec<u8> {
        let numbers = self.entries.iter().map(|number| u64::from(number.to_bits()));
        key(b"look up", &self.groups, numbers.chain([self.count as u64]))
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = element_size(self.dtype)?;
        let width = self.width;
        let mut reader = Reader::new(&self.indices);
        let mut values = Vec::new();
        for (i, out) in out.chunks_mut(TILE * size).enumerate() {
            let first = first + i * TILE;
            let end = first + out.len() / size;
            // The vectors that have elements in the range.
            let (begin, last) = (first / width, end.div_ceil(width));
            let indices = reader.floats(begin, last - begin).map_err(unwrap)?;
            values.clear();
            for (range, segment) in self.groups.segments(begin, indices.len()) {
                for (i, &index) in indices[range].iter().enumerate() {
                    let group = match segment {
                        Segment::Same(group) => group,
                        Segment::Each(group) => group + i,
                    };
                    let at = (group * self.count + index as usize) * width;
                    values.extend_from_slice(&self.entries[at..at + width]);
                }
            }
            let skip = first - begin * width;
            encode(self.dtype, &values[skip..skip + out.len() / size], out);
        }
        Ok(())
    }
}

/// Fills `out` with what `change` makes of the elements from `first` on.
pub(super) fn each_tile(
    source: &Tensor,
    dtype: DType,
    first: usize,
    out: &mut [u8],
    mut change: impl FnMut(usize, &mut [f32]),
) -> Result<(), TensorError> {
    let size = element_size(dtype)?;
    let mut reader = Reader::new(source);
    for (i, out) in out.chunks_mut(TILE * size).enumerate() {
        let first = first + i * TILE;
        let values = reader.floats(first, out.len() / size).map_err(unwrap)?;
        change(first, values);
        encode(dtype, values, out);
    }
    Ok(())
}

/// Bytes of an element that has bytes of its own.
pub(super) fn element_size(dtype: DType) -> Result<usize, TensorError> {
    let bits = dtype.bits().ok_or(TensorError::Undefined { operation: "decompression", dtype })?;
    Ok(bits.div_ceil(8))
}

/// Rounds numbers to an element type.
fn encode(dtype: DType, values: &[f32], out: &mut [u8]) {
    match dtype {
        DType::Fp16 => {
            let mut halves = [half::f16::ZERO; 256];
            for (out, values) in out.chunks_mut(2 * halves.len()).zip(values.chunks(halves.len())) {
                let halves = &mut halves[..values.len()];
                halves.convert_from_f32_slice(values);
                out.copy_from_slice(bytemuck::cast_slice(halves));
            }
        }
        DType::Fp32 => out.copy_from_slice(bytemuck::cast_slice(values)),
        // Integers of a byte or less, which tables may hold.
        _ => {
            for (out, &value) in out.iter_mut().zip(values) {
                *out = value as i32 as u8;
            }
        }
    }
}
