//! Weights with zeros left out, and weights as they are when they are decompressed: computed when they are
//! read.

mod compact;
mod dense;

use mil_tensor::{Computation, DType, Tensor, TensorError};

pub use compact::{Counts, compact, expand};
pub(crate) use dense::{Dequantize, LookUp};

use crate::CompressError;

/// The packed bytes of a tensor as a vector of bytes, which is how older forms hold indices and masks.
pub fn bytes_of(packed: &Tensor) -> Result<Tensor, CompressError> {
    let len = packed.byte_len().ok_or(CompressError::Type(packed.dtype()))?;
    if let Some(blob) = packed.blob() {
        return Ok(Tensor::from_blob(DType::Uint8, &[len], blob.clone())?);
    }
    Ok(Tensor::computed_by(DType::Uint8, &[len], Bytes(packed.nestable()?))?)
}

#[derive(Debug)]
struct Bytes(Tensor);

impl Computation for Bytes {
    fn operands(&self) -> &[Tensor] {
        std::slice::from_ref(&self.0)
    }

    fn key(&self) -> Vec<u8> {
        b"packed bytes".to_vec()
    }

    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        self.0.read_bytes(first, out)
    }
}
