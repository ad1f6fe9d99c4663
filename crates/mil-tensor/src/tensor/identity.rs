//! When two tensors are the same, and when they are known to be.

use std::sync::Arc;

use crate::pack::last_byte_mask;
use crate::{Data, Fingerprint, Tensor, TensorError};

impl Tensor {
    /// Known to be equal without reading an element: the tensors share their data, lie at the same
    /// place of the same file, repeat the same element, or are the same expression over such data.
    pub fn is_same(&self, other: &Tensor) -> bool {
        if self.dtype != other.dtype || self.shape != other.shape {
            return false;
        }
        Arc::ptr_eq(&self.data, &other.data)
            || match (&*self.data, &*other.data) {
                (Data::Mapped(a), Data::Mapped(b)) => a.same_place(b),
                (Data::Splat(a), Data::Splat(b)) => a == b,
                (Data::Lazy(a), Data::Lazy(b)) => a == b,
                _ => false,
            }
    }

    /// Hash of type, shape and elements; computed once, streaming.
    ///
    /// It does not depend on the form of the data: an expression has the fingerprint of its result.
    pub fn fingerprint(&self) -> Result<Fingerprint, TensorError> {
        if let Data::Opaque(fingerprint) = &*self.data {
            return Ok(*fingerprint);
        }
        if let Some(known) = self.known.fingerprint.get() {
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
            // Stored sub-byte elements may have anything in the bits behind the last of them. The last
            // byte is held back until it is known to be the last.
            let mut last = None;
            self.for_each_chunk(|piece| {
                if let Some((&end, rest)) = piece.split_last() {
                    hasher.update(last.as_slice());
                    hasher.update(rest);
                    last = Some(end);
                }
            })?;
            let mask = last_byte_mask(self.dtype, self.len());
            hasher.update(last.map(|byte| byte & mask).as_slice());
        }
        Ok(*self.known.fingerprint.get_or_init(|| Fingerprint::of(&hasher)))
    }

    /// Same type, shape and bits of every element: the two zeros differ, and a NaN equals itself.
    ///
    /// What is not [the same](Tensor::is_same) and not in memory is compared by
    /// [fingerprint](Tensor::fingerprint): 128 bits of BLAKE3 are taken for the elements.
    pub fn content_eq(&self, other: &Tensor) -> Result<bool, TensorError> {
        if self.dtype != other.dtype || self.shape != other.shape {
            return Ok(false);
        }
        if self.is_same(other) {
            return Ok(true);
        }
        match (&*self.data, &*other.data) {
            (Data::Strings(a), Data::Strings(b)) => return Ok(a == b),
            (Data::Inline(a), Data::Inline(b)) if a == b => return Ok(true),
            (Data::Inline(_), Data::Inline(_)) | (Data::Splat(_), Data::Splat(_))
                if !self.dtype.is_sub_byte() && !self.is_empty() =>
            {
                return Ok(false);
            }
            _ => {}
        }
        Ok(self.fingerprint()? == other.fingerprint()?)
    }
}
