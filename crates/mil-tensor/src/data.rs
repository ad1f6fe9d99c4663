//! What stands behind a tensor.

use std::fmt;

use crate::{Blob, Expr};

/// The elements of a tensor, in one of several forms. A tensor's clones share them.
#[derive(Debug)]
pub enum Data {
    /// Packed bytes in memory.
    Inline(Box<[u8]>),
    /// Text elements.
    Strings(Box<[String]>),
    /// Packed bytes of a file or buffer. Computed tensors that are no expressions are of this form,
    /// too: their file is a temporary one without a name (`Tensor::spill`).
    Mapped(Blob),
    /// One element, repeated: its bytes (for sub-byte types one byte that holds the element).
    Splat(Box<[u8]>),
    /// Computed tile by tile from other tensors whenever it is read.
    Lazy(Box<Expr>),
    /// Known only by its hash, as in a text that was printed without its weights. Reading it fails.
    Opaque(Fingerprint),
}

/// A hash of a tensor's type, shape and elements (BLAKE3, first 128 bits).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// What the hasher has seen.
    pub(crate) fn of(hasher: &blake3::Hasher) -> Fingerprint {
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Fingerprint(short)
    }

    /// Stands for elements that nobody knows, by what is known of them.
    pub fn stand_in(text: &str) -> Fingerprint {
        let mut hasher = blake3::Hasher::new_derive_key("milopt: elements that nobody knows");
        hasher.update(text.as_bytes());
        Fingerprint::of(&hasher)
    }

    /// The inverse of `Display`.
    pub fn parse(text: &str) -> Option<Fingerprint> {
        let mut bytes = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Fingerprint(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
