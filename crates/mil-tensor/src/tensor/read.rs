//! Readers: bytes, numbers, strings; whole, in ranges, or streamed.

use std::borrow::Cow;
use std::ops::ControlFlow;

use crate::expr::ahead;
use crate::limits::{CHUNK, COMPUTED_CHUNK, TILE};
use crate::number::{decode_f64, decode_int};
use crate::pack::{fill_splat, unpack, wide_size};
use crate::{DType, Data, Element, Tensor, TensorError};

impl Tensor {
    /// Fills `out` with the packed bytes from byte `start` on.
    ///
    /// A transposed weight gathers what it can of a file in one read, so ask for a megabyte or more
    /// at once. The memory used besides `out` is a few megabytes, whatever the tensor's size.
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
            Data::Lazy(expr) => expr.read_packed(start, out)?,
            Data::Strings(_) => return Err(TensorError::Type(self.dtype, DType::Uint8)),
            Data::Opaque(fingerprint) => return Err(TensorError::Opaque(*fingerprint)),
        }
        Ok(())
    }

    /// The packed bytes from byte `start` on, where they are in memory: nothing is read or copied.
    pub fn stored(&self, start: usize, len: usize) -> Option<&[u8]> {
        match &*self.data {
            Data::Inline(bytes) => bytes.get(start..start.checked_add(len)?),
            Data::Mapped(blob) => {
                let begin = blob.range.start.checked_add(start as u64)?;
                let end = begin.checked_add(len as u64).filter(|&end| end <= blob.range.end)?;
                blob.source.bytes(begin..end)
            }
            _ => None,
        }
    }

    /// Fills `out` with elements from element `first` on, of which one of less than a byte has a byte of its
    /// own, sign-extended. For computations; what has numbers is read best by [`Tensor::read_f64s`].
    pub fn read_elements(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        let end = first.saturating_add(out.len() / size);
        if end > self.len() || !out.len().is_multiple_of(size) {
            return Err(TensorError::Range { start: first, end, len: self.len() });
        }
        self.read_wide(first, out)
    }

    /// Fills `out` with wide elements (see [`crate::pack`]) from element `first` on.
    pub(crate) fn read_wide(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        match (&*self.data, self.dtype.bits()) {
            (Data::Lazy(expr), _) => expr.read_wide(first, out),
            (_, Some(bits)) if bits < 8 => {
                let mut packed = vec![0; out.len().min(TILE) * bits / 8 + 2];
                for (i, tile) in out.chunks_mut(TILE).enumerate() {
                    let first = first + i * TILE;
                    let start = first * bits / 8;
                    let packed = &mut packed[..((first + tile.len()) * bits).div_ceil(8) - start];
                    self.read_bytes(start, packed)?;
                    unpack(self.dtype, packed, first * bits - start * 8, tile);
                }
                Ok(())
            }
            _ => self.read_bytes(first * size, out),
        }
    }

    /// All packed bytes, borrowed where they are in memory.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, TensorError> {
        let len = self.byte_len().ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        if let Some(bytes) = self.stored(0, len) {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; len];
        self.read_bytes(0, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Calls `visit` with successive pieces of the packed bytes.
    pub fn for_each_chunk(&self, mut visit: impl FnMut(&[u8])) -> Result<(), TensorError> {
        self.try_each_chunk(|piece| {
            visit(piece);
            Ok(())
        })
    }

    /// Calls `visit` with successive pieces of the packed bytes, up to the first error.
    pub(crate) fn try_each_chunk(
        &self,
        mut visit: impl FnMut(&[u8]) -> Result<(), TensorError>,
    ) -> Result<(), TensorError> {
        let len = self.byte_len().ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        if let Some(bytes) = self.stored(0, len) {
            return bytes.chunks(CHUNK).try_for_each(visit);
        }
        if matches!(&*self.data, Data::Lazy(expr) if expr.is_computed()) {
            return ahead(len, COMPUTED_CHUNK, |start, piece| self.read_bytes(start, piece), visit);
        }
        let mut buffer = vec![0; len.min(CHUNK)];
        let mut start = 0;
        while start < len {
            let piece = &mut buffer[..(len - start).min(CHUNK)];
            self.read_bytes(start, piece)?;
            visit(piece)?;
            start += piece.len();
        }
        Ok(())
    }

    /// Calls `visit` with successive tiles of wide elements, small ones first, until it breaks.
    pub(super) fn visit_wide(
        &self,
        mut visit: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Uint8))?;
        let len = self.len();
        let mut buffer = Vec::new();
        let (mut first, mut count) = (0, (TILE / 16).div_ceil(size));
        while first < len {
            let tile = count.min(len - first);
            let in_memory =
                if self.dtype.is_sub_byte() { None } else { self.stored(first * size, tile * size) };
            let elements = match in_memory {
                Some(elements) => elements,
                None => {
                    buffer.resize(tile * size, 0);
                    self.read_wide(first, &mut buffer)?;
                    &buffer
                }
            };
            if visit(elements).is_break() {
                break;
            }
            first += tile;
            // Who breaks, breaks early: nothing much is read for that.
            count = (count * 4).min(CHUNK / size);
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

    /// Fills `out` with the values of any numeric or boolean type from element `first` on; exact but
    /// for 64-bit integers, which are rounded to nearest.
    pub fn read_f64s(&self, first: usize, out: &mut [f64]) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).ok_or(TensorError::Type(self.dtype, DType::Fp64))?;
        let end = first.saturating_add(out.len());
        if end > self.len() {
            return Err(TensorError::Range { start: first, end, len: self.len() });
        }
        let tile = (TILE / size).min(out.len());
        let mut wide = vec![0; tile * size];
        for (i, out) in out.chunks_mut(tile.max(1)).enumerate() {
            let wide = &mut wide[..out.len() * size];
            self.read_wide(first + i * tile, wide)?;
            decode_f64(self.dtype, wide, out);
        }
        Ok(())
    }

    /// The values of any numeric or boolean type as `f64`; exact but for 64-bit integers, which are
    /// rounded to nearest.
    pub fn to_f64s(&self) -> Result<Vec<f64>, TensorError> {
        if self.byte_len().is_none() {
            return Err(TensorError::Type(self.dtype, DType::Fp64));
        }
        let mut values = vec![0.0; self.len()];
        self.read_f64s(0, &mut values)?;
        Ok(values)
    }

    /// The values of any integer or boolean type as `i64`; unsigned 64-bit values wrap.
    pub fn to_i64s(&self) -> Result<Vec<i64>, TensorError> {
        let size = wide_size(self.dtype).filter(|_| !self.dtype.is_float());
        let (Some(size), Some(_)) = (size, self.byte_len()) else {
            return Err(TensorError::Type(self.dtype, DType::Int64));
        };
        let mut values = Vec::with_capacity(self.len());
        let mut numbers = [0; 64];
        self.visit_wide(|tile| {
            for piece in tile.chunks(64 * size) {
                let numbers = &mut numbers[..piece.len() / size];
                decode_int(self.dtype, piece, numbers);
                values.extend(numbers.iter().map(|&number| number as i64));
            }
            ControlFlow::Continue(())
        })?;
        Ok(values)
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
}
