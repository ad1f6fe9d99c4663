//! The tensor itself: what it is. Its constructors, readers, queries and operations have a file each.

mod apply;
mod identity;
mod make;
mod query;
mod read;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use smallvec::SmallVec;

use crate::{Blob, DType, Data, Fingerprint, TensorError};

/// Sizes along each axis; empty for a scalar.
pub type Shape = SmallVec<[usize; 6]>;

/// An n-dimensional array: element type, shape and shared data. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    shape: Shape,
    data: Arc<Data>,
    known: Arc<Known>,
}

/// What was found out by reading the elements; shared by clones.
#[derive(Debug, Default)]
struct Known {
    fingerprint: OnceLock<Fingerprint>,
    /// The one packed element, where all are the same.
    splat: OnceLock<Option<Box<[u8]>>>,
    extent: OnceLock<query::Extent>,
}

impl Tensor {
    pub(crate) fn new(dtype: DType, shape: &[usize], data: Data) -> Tensor {
        Tensor { dtype, shape: shape.into(), data: Arc::new(data), known: Arc::default() }
    }

    fn checked(dtype: DType, shape: &[usize], got: usize, data: Data) -> Result<Tensor, TensorError> {
        let wanted = elements(shape).and_then(|n| dtype.byte_len(n));
        if wanted != Some(got) {
            return Err(TensorError::Size { dtype, shape: shape.to_vec(), wanted, got });
        }
        Ok(Tensor::new(dtype, shape, data))
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

    /// The same elements under another shape of the same length; shares the data.
    pub fn reshaped(&self, shape: &[usize]) -> Result<Tensor, TensorError> {
        if elements(shape) != elements(&self.shape) {
            let wanted = elements(shape).and_then(|n| self.dtype.byte_len(n));
            let got = self.byte_len().unwrap_or(0);
            return Err(TensorError::Size { dtype: self.dtype, shape: shape.to_vec(), wanted, got });
        }
        if shape == self.shape() {
            return Ok(self.clone());
        }
        Ok(Tensor { dtype: self.dtype, shape: shape.into(), data: self.data.clone(), known: Arc::default() })
    }
}

/// Product of the sizes; `None` on overflow.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    // A zero anywhere makes the product zero, even where a prefix of the others overflows.
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim))
}
