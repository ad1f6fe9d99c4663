//! Another element type.

use std::slice;

use super::Key;
use crate::limits::TILE;
use crate::number::convert;
use crate::pack::wide_size;
use crate::{DType, Tensor, TensorError};

/// `source`, each element converted.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) source: Tensor,
    pub(crate) saturating: bool,
}

impl Cast {
    pub(super) fn operands(&self) -> &[Tensor] {
        slice::from_ref(&self.source)
    }

    pub(super) fn hash(&self, key: &mut Key) {
        key.number(usize::from(self.saturating));
    }

    pub(super) fn read_wide(&self, to: DType, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let from = self.source.dtype();
        let (Some(read), Some(write)) = (wide_size(from), wide_size(to)) else {
            return Err(TensorError::Type(from, to));
        };
        let tile = (out.len() / write).clamp(1, TILE / read);
        let mut wide = vec![0; tile * read];
        for (i, out) in out.chunks_mut(tile * write).enumerate() {
            let wide = &mut wide[..out.len() / write * read];
            self.source.read_wide(first + i * tile, wide)?;
            convert(from, wide, to, out, self.saturating);
        }
        Ok(())
    }
}
