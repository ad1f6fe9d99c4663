//! Constructors.

use std::io;

use super::elements;
use crate::number::encode_f64;
use crate::pack::{pack, wide_size};
use crate::{Blob, DType, Data, Element, Fingerprint, Tensor, TensorError};

impl Tensor {
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

    /// From numbers, each rounded to the element type as [`Tensor::cast`] does.
    pub fn from_f64s(dtype: DType, shape: &[usize], values: &[f64]) -> Result<Tensor, TensorError> {
        let wide_len = wide_size(dtype).and_then(|size| size.checked_mul(values.len()));
        let (Some(wide_len), Some(len)) = (wide_len, dtype.byte_len(values.len())) else {
            return Err(TensorError::Undefined { operation: "conversion from numbers", dtype });
        };
        let mut wide = vec![0; wide_len];
        encode_f64(dtype, values, false, &mut wide);
        Tensor::from_wide(dtype, shape, len, wide)
    }

    /// From wide elements, of which `len` packed bytes become.
    pub(crate) fn from_wide(
        dtype: DType,
        shape: &[usize],
        len: usize,
        wide: Vec<u8>,
    ) -> Result<Tensor, TensorError> {
        if !dtype.is_sub_byte() {
            return Tensor::from_bytes(dtype, shape, wide);
        }
        let mut packed = vec![0; len];
        pack(dtype, &wide, &mut packed);
        Tensor::from_bytes(dtype, shape, packed)
    }
}
