//! The tensor itself.

use std::borrow::Cow;
use std::io;
use std::sync::{Arc, OnceLock};

use half::{bf16, f16};
use smallvec::SmallVec;

use crate::{Blob, DType, Data, Element, Fingerprint};

/// Sizes along each axis; empty for a scalar.
pub type Shape = SmallVec<[usize; 6]>;

/// Bytes that a streaming reader asks for at once.
const CHUNK: usize = 1 << 20;

/// What can go wrong with a tensor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The data has not the size that type and shape ask for.
    #[error("a {dtype} tensor of shape {shape:?} has {wanted:?} bytes, not {got}")]
    Size {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Vec<usize>,
        /// Bytes that type and shape ask for; `None` where they have no size or it overflows.
        wanted: Option<usize>,
        /// Bytes that were given.
        got: usize,
    },
    /// The element type is not what the caller asked for.
    #[error("a {0} tensor cannot be read as {1}")]
    Type(DType, DType),
    /// Only the hash of the elements is known.
    #[error("the values of tensor {0} are not available: the text that it was read from does not hold them")]
    Opaque(Fingerprint),
    /// The source failed or ended early.
    #[error("cannot read {len} bytes of weights at offset {offset}")]
    Read {
        /// First byte in the source.
        offset: u64,
        /// Bytes wanted.
        len: usize,
        /// Why.
        source: io::Error,
    },
    /// The range lies outside the tensor.
    #[error("bytes {start}..{end} of a tensor of {len} bytes")]
    Range {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// The tensor's size.
        len: usize,
    },
}

/// An n-dimensional array: element type, shape and shared data. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    shape: Shape,
    data: Arc<Data>,
    fingerprint: Arc<OnceLock<Fingerprint>>,
}

impl Tensor {
    fn new(dtype: DType, shape: &[usize], data: Data) -> Tensor {
        Tensor { dtype, shape: shape.into(), data: Arc::new(data), fingerprint: Arc::default() }
    }

    fn checked(dtype: DType, shape: &[usize], got: usize, data: Data) -> Result<Tensor, TensorError> {
        let wanted = elements(shape).and_then(|n| dtype.byte_len(n));
        if wanted != Some(got) {
            return Err(TensorError::Size { dtype, shape: shape.to_vec(), wanted, got });
        }
        Ok(Tensor::new(dtype, shape, data))
    }

    /// From packed bytes in memory.
    pub fn from_bytes(
        dtype: DType,
        shape: &[usize],
        bytes: impl Into<Box<[u8]>>,
    ) -> Result<Tensor, TensorError> {
        let bytes = bytes.into();
        Tensor::checked(dtype, shape, bytes.len(), Data::Inline(bytes))
    }

    /// From values in memory.
    pub fn from_slice<T: Element>(shape: &[usize], values: &[T]) -> Result<Tensor, TensorError> {
        Tensor::from_bytes(T::DTYPE, shape, bytemuck::cast_slice::<T, u8>(values))
    }

    /// From booleans in memory.
    pub fn from_bools(shape: &[usize], values: &[bool]) -> Result<Tensor, TensorError> {
        Tensor::from_bytes(DType::Bool, shape, values.iter().map(|&b| u8::from(b)).collect::<Vec<_>>())
    }

    /// From text elements.
    pub fn from_strings(shape: &[usize], values: Vec<String>) -> Result<Tensor, TensorError> {
        if elements(shape) != Some(values.len()) {
            let wanted = elements(shape);
            return Err(TensorError::Size {
                dtype: DType::String,
                shape: shape.to_vec(),
                wanted,
                got: values.len(),
            });
        }
        Ok(Tensor::new(DType::String, shape, Data::Strings(values.into())))
    }

    /// A tensor of rank 0.
    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor::new(T::DTYPE, &[], Data::Inline(bytemuck::bytes_of(&value).into()))
    }

    /// A boolean of rank 0.
    pub fn bool(value: bool) -> Tensor {
        Tensor::new(DType::Bool, &[], Data::Inline([u8::from(value)].into()))
    }

    /// A string of rank 0.
    pub fn string(value: impl Into<String>) -> Tensor {
        Tensor::new(DType::String, &[], Data::Strings([value.into()].into()))
    }

    /// Integers of rank 1, as MIL writes axes, strides and shapes.
    pub fn ints(values: &[i32]) -> Tensor {
        Tensor::new(
            DType::Int32,
            &[values.len()],
            Data::Inline(bytemuck::cast_slice::<i32, u8>(values).into()),
        )
    }

    /// One value everywhere, in the memory of one element.
    pub fn splat<T: Element>(shape: &[usize], value: T) -> Tensor {
        Tensor::new(T::DTYPE, shape, Data::Splat(bytemuck::bytes_of(&value).into()))
    }

    /// From a range of a file or buffer, whose bounds are checked now.
    pub fn from_blob(dtype: DType, shape: &[usize], blob: Blob) -> Result<Tensor, TensorError> {
        let got = usize::try_from(blob.len()).unwrap_or(usize::MAX);
        if blob.range.start > blob.range.end || blob.range.end > blob.source.len() {
            let source = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(TensorError::Read { offset: blob.range.start, len: got, source });
        }
        Tensor::checked(dtype, shape, got, Data::Mapped(blob))
    }

    /// A tensor of which only the hash is known.
    pub fn opaque(dtype: DType, shape: &[usize], fingerprint: Fingerprint) -> Tensor {
        Tensor::new(dtype, shape, Data::Opaque(fingerprint))
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        elements(&self.shape).unwrap_or(usize::MAX)
    }

    /// No elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of the packed elements; `None` for strings.
    pub fn byte_len(&self) -> Option<usize> {
        self.dtype.byte_len(elements(&self.shape)?)
    }

    /// What stands behind the tensor.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The place in a file or buffer where the elements are stored, where they are.
    pub fn blob(&self) -> Option<&Blob> {
        match &*self.data {
            Data::Mapped(blob) => Some(blob),
            _ => None,
        }
    }

    /// The tensor shares its data with the other: equal without a look.
    pub fn is_same(&self, other: &Tensor) -> bool {
        self.dtype == other.dtype
            && self.shape == other.shape
            && (Arc::ptr_eq(&self.data, &other.data)
                || matches!((&*self.data, &*other.data), (Data::Mapped(a), Data::Mapped(b)) if a.same_place(b)))
    }

    /// Fills `out` with the packed bytes from byte `start` on.
    pub fn read_bytes(&self, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let len = self.byte_len().ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        let end = start.checked_add(out.len()).filter(|&end| end <= len);
        let Some(end) = end else {
            return Err(TensorError::Range { start, end: start.saturating_add(out.len()), len });
        };
        match &*self.data {
            Data::Inline(bytes) => out.copy_from_slice(&bytes[start..end]),
            Data::Mapped(blob) => {
                let offset = blob.range.start + start as u64;
                let len = out.len();
                blob.source.read_at(offset, out).map_err(|source| TensorError::Read {
                    offset,
                    len,
                    source,
                })?;
            }
            Data::Splat(element) => fill_splat(self.dtype, element, start, self.len(), out),
            Data::Strings(_) => return Err(TensorError::Type(self.dtype, DType::Uint8)),
            Data::Opaque(fingerprint) => return Err(TensorError::Opaque(*fingerprint)),
        }
        Ok(())
    }

    /// All packed bytes, borrowed where they are in memory.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, TensorError> {
        if let Data::Inline(bytes) = &*self.data {
            return Ok(Cow::Borrowed(bytes));
        }
        let len = self.byte_len().ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        let mut bytes = vec![0; len];
        self.read_bytes(0, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Calls `visit` with successive pieces of the packed bytes.
    pub fn for_each_chunk(&self, mut visit: impl FnMut(&[u8])) -> Result<(), TensorError> {
        if let Data::Inline(bytes) = &*self.data {
            visit(bytes);
            return Ok(());
        }
        let len = self.byte_len().ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        let mut buffer = vec![0; len.min(CHUNK)];
        let mut start = 0;
        while start < len {
            let piece = &mut buffer[..(len - start).min(CHUNK)];
            self.read_bytes(start, piece)?;
            visit(piece);
            start += piece.len();
        }
        Ok(())
    }

    /// The values, where the element type is `T`'s.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, TensorError> {
        if self.dtype != T::DTYPE {
            return Err(TensorError::Type(self.dtype, T::DTYPE));
        }
        Ok(bytemuck::pod_collect_to_vec(&self.bytes()?))
    }

    /// The values of any numeric or boolean type as `f64`; exact but for 64-bit integers.
    pub fn to_f64s(&self) -> Result<Vec<f64>, TensorError> {
        macro_rules! widen {
            ($rust:ty) => {
                self.to_vec::<$rust>()?.into_iter().map(|x| x as f64).collect()
            };
        }
        Ok(match self.dtype {
            DType::Fp16 => self.to_vec::<f16>()?.into_iter().map(f16::to_f64).collect(),
            DType::Bf16 => self.to_vec::<bf16>()?.into_iter().map(bf16::to_f64).collect(),
            DType::Fp32 => widen!(f32),
            DType::Fp64 => self.to_vec::<f64>()?,
            _ => self.to_i128s(DType::Fp64)?.into_iter().map(|x| x as f64).collect(),
        })
    }

    /// The values of any integer or boolean type as `i64`; unsigned 64-bit values wrap.
    pub fn to_i64s(&self) -> Result<Vec<i64>, TensorError> {
        Ok(self.to_i128s(DType::Int64)?.into_iter().map(|x| x as i64).collect())
    }

    fn to_i128s(&self, wanted: DType) -> Result<Vec<i128>, TensorError> {
        macro_rules! widen {
            ($rust:ty) => {
                self.to_vec::<$rust>()?.into_iter().map(i128::from).collect()
            };
        }
        Ok(match self.dtype {
            DType::Bool => self.bytes()?.iter().map(|&b| i128::from(b != 0)).collect(),
            DType::Int8 => widen!(i8),
            DType::Int16 => widen!(i16),
            DType::Int32 => widen!(i32),
            DType::Int64 => widen!(i64),
            DType::Uint8 => widen!(u8),
            DType::Uint16 => widen!(u16),
            DType::Uint32 => widen!(u32),
            DType::Uint64 => widen!(u64),
            packed if packed.is_sub_byte() => {
                let bytes = self.bytes()?;
                (0..self.len()).map(|i| unpack(packed, &bytes, i)).collect()
            }
            other => return Err(TensorError::Type(other, wanted)),
        })
    }

    /// The strings of a string tensor.
    pub fn to_strings(&self) -> Result<&[String], TensorError> {
        match &*self.data {
            Data::Strings(strings) => Ok(strings),
            _ => Err(TensorError::Type(self.dtype, DType::String)),
        }
    }

    /// The value of a numeric tensor with one element.
    pub fn item_f64(&self) -> Option<f64> {
        (self.len() == 1).then(|| self.to_f64s().ok()).flatten().map(|values| values[0])
    }

    /// The value of an integer or boolean tensor with one element.
    pub fn item_i64(&self) -> Option<i64> {
        (self.len() == 1).then(|| self.to_i64s().ok()).flatten().map(|values| values[0])
    }

    /// The value of a boolean tensor with one element.
    pub fn item_bool(&self) -> Option<bool> {
        (self.dtype == DType::Bool).then(|| self.item_i64()).flatten().map(|value| value != 0)
    }

    /// The value of a string tensor with one element.
    pub fn item_str(&self) -> Option<&str> {
        match self.to_strings().ok()? {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The same elements under another shape of the same length; shares the data.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Tensor, TensorError> {
        if elements(shape) != elements(&self.shape) {
            let wanted = elements(shape).and_then(|n| self.dtype.byte_len(n));
            let got = self.byte_len().unwrap_or(0);
            return Err(TensorError::Size { dtype: self.dtype, shape: shape.to_vec(), wanted, got });
        }
        Ok(Tensor {
            dtype: self.dtype,
            shape: shape.into(),
            data: self.data.clone(),
            fingerprint: Arc::default(),
        })
    }

    /// Hash of type, shape and elements; computed once, streaming.
    pub fn fingerprint(&self) -> Result<Fingerprint, TensorError> {
        if let Data::Opaque(fingerprint) = &*self.data {
            return Ok(*fingerprint);
        }
        if let Some(known) = self.fingerprint.get() {
            return Ok(*known);
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.dtype.to_string().as_bytes());
        for &dim in &self.shape {
            hasher.update(&(dim as u64).to_le_bytes());
        }
        hasher.update(&u64::MAX.to_le_bytes());
        if let Data::Strings(strings) = &*self.data {
            for text in strings {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        } else {
            self.for_each_chunk(|piece| {
                hasher.update(piece);
            })?;
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Ok(*self.fingerprint.get_or_init(|| Fingerprint(short)))
    }

    /// Same type, shape and bits.
    pub fn content_eq(&self, other: &Tensor) -> Result<bool, TensorError> {
        if self.dtype != other.dtype || self.shape != other.shape {
            return Ok(false);
        }
        if self.is_same(other) {
            return Ok(true);
        }
        if let (Ok(a), Ok(b)) = (self.to_strings(), other.to_strings()) {
            return Ok(a == b);
        }
        if let (Data::Inline(a), Data::Inline(b)) = (&*self.data, &*other.data) {
            return Ok(a == b);
        }
        Ok(self.fingerprint()? == other.fingerprint()?)
    }
}

/// Product of the sizes; `None` on overflow.
fn elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the product zero, even where a prefix of the others overflows.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim))
}

/// Element `index` of packed sub-byte integers.
fn unpack(dtype: DType, bytes: &[u8], index: usize) -> i128 {
    let bits = dtype.bits().unwrap_or(8);
    let at = index * bits;
    let low = u16::from(bytes[at / 8]);
    let high = u16::from(bytes.get(at / 8 + 1).copied().unwrap_or(0));
    let value = i128::from(((low | high << 8) >> (at % 8)) & ((1 << bits) - 1));
    match dtype.int_range() {
        Some((min, max)) if min < 0 && value > max => value - (1 << bits),
        _ => value,
    }
}

/// The bytes from `start` on of `elements` repetitions of one element.
fn fill_splat(dtype: DType, element: &[u8], start: usize, elements: usize, out: &mut [u8]) {
    if !dtype.is_sub_byte() {
        for (i, byte) in out.iter_mut().enumerate() {
            *byte = element[(start + i) % element.len()];
        }
        return;
    }
    let bits = dtype.bits().unwrap_or(8);
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = 0;
        for bit in 0..8 {
            let at = (start + i) * 8 + bit;
            if at / bits < elements && element[0] >> (at % bits) & 1 == 1 {
                *byte |= 1 << bit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemorySource;

    #[test]
    fn sizes_are_checked() {
        assert!(Tensor::from_slice(&[2, 2], &[1_f32, 2.0, 3.0]).is_err());
        assert!(Tensor::from_bytes(DType::Fp32, &[usize::MAX, 2], vec![]).is_err());
        assert_eq!(Tensor::from_bytes(DType::Fp32, &[usize::MAX, 2, 0], vec![]).unwrap().len(), 0);
    }

    #[test]
    fn sub_byte_elements_are_packed_least_significant_bit_first() {
        let tensor = Tensor::from_bytes(DType::Uint3, &[3], vec![0b10_001_111, 0b1]).unwrap();
        assert_eq!(tensor.to_i64s().unwrap(), [7, 1, 6]);
        let signed = Tensor::from_bytes(DType::Int4, &[2], vec![0x8F]).unwrap();
        assert_eq!(signed.to_i64s().unwrap(), [-1, -8]);
    }

    #[test]
    fn a_splat_equals_its_elements() {
        let splat = Tensor::splat(&[3], 2.5_f32);
        let plain = Tensor::from_slice(&[3], &[2.5_f32; 3]).unwrap();
        assert!(splat.content_eq(&plain).unwrap());
        assert_eq!(splat.to_vec::<f32>().unwrap(), [2.5; 3]);
    }

    #[test]
    fn a_blob_outside_its_source_is_refused() {
        let source = Arc::new(MemorySource::new(vec![0_u8; 8]));
        let blob = |range| Blob { source: source.clone(), range };
        assert!(Tensor::from_blob(DType::Fp32, &[2], blob(0..8)).is_ok());
        assert!(Tensor::from_blob(DType::Fp32, &[2], blob(4..12)).is_err());
        assert!(Tensor::from_blob(DType::Fp32, &[2], blob(u64::MAX - 7..u64::MAX)).is_err());
    }

    #[test]
    fn fingerprints_tell_type_and_shape() {
        let a = Tensor::from_slice(&[4], &[0_i32; 4]).unwrap();
        let b = Tensor::from_slice(&[2, 2], &[0_i32; 4]).unwrap();
        let c = Tensor::from_slice(&[4], &[0_f32; 4]).unwrap();
        assert_ne!(a.fingerprint().unwrap(), b.fingerprint().unwrap());
        assert_ne!(a.fingerprint().unwrap(), c.fingerprint().unwrap());
        assert_eq!(Fingerprint::parse(&a.fingerprint().unwrap().to_string()), Some(a.fingerprint().unwrap()));
    }
}
