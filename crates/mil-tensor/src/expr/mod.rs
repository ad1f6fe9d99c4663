//! Expressions: tensors that are computed when they are read.
//!
//! The set is small, and every expression evaluates any range of its elements within bounded memory. To
//! add one: a file with a struct that has `operands`, `hash` and `read_wide`, a variant of [`Kind`], and
//! a method on `Tensor` in `tensor/apply.rs`. What only one crate above computes is a [`Computation`] of
//! that crate.

mod cast;
mod computation;
mod concat;
mod parallel;
mod scale_shift;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, OnceLock};

pub(crate) use cast::Cast;
pub use computation::Computation;
pub(crate) use computation::Computed;
pub(crate) use concat::Concat;
pub(crate) use parallel::ahead;
pub(crate) use scale_shift::{Factors, ScaleShift};
pub(crate) use view::{Pick, View};

use crate::limits::{PLAIN, TILE};
use crate::pack::{pack, wide_size};
use crate::{DType, Data, EAGER_BYTES, Fingerprint, Tensor, TensorError};

/// A tensor's elements as a function of other tensors.
///
/// Built by the methods of [`Tensor`]; two are equal if they are the same function of the same data.
#[derive(Debug)]
pub struct Expr {
    kind: Kind,
    /// Type of the result.
    dtype: DType,
    /// Elements of the result.
    len: usize,
    depth: usize,
    key: OnceLock<Fingerprint>,
}

/// What is computed. Elements are in row-major order; geometry is the variant's own.
#[derive(Debug)]
pub(crate) enum Kind {
    Cast(Cast),
    ScaleShift(ScaleShift),
    View(View),
    Concat(Concat),
    Computed(Computed),
}

impl Kind {
    fn operands(&self) -> &[Tensor] {
        match self {
            Kind::Cast(cast) => cast.operands(),
            Kind::ScaleShift(scale_shift) => scale_shift.operands(),
            Kind::View(view) => view.operands(),
            Kind::Concat(concat) => concat.operands(),
            Kind::Computed(computed) => computed.operands(),
        }
    }
}

impl Expr {
    /// An expression of `len` elements, whose packed size is known not to overflow.
    pub(crate) fn new(kind: Kind, dtype: DType, len: usize) -> Expr {
        let depth = 1 + kind.operands().iter().map(Tensor::depth).max().unwrap_or(0);
        Expr { kind, dtype, len, depth, key: OnceLock::new() }
    }

    /// What the expression is, as a number: computed once, where it is asked for.
    fn key(&self) -> Fingerprint {
        *self.key.get_or_init(|| {
            let mut key = Key::default();
            key.number(self.dtype.number() as usize).number(self.len);
            key.number(self.kind.operands().len());
            self.kind.operands().iter().for_each(|operand| key.tensor(operand));
            match &self.kind {
                Kind::Cast(cast) => cast.hash(key.number(0)),
                Kind::ScaleShift(scale_shift) => scale_shift.hash(key.number(1)),
                Kind::View(view) => view.hash(key.number(2)),
                Kind::Concat(concat) => concat.hash(key.number(3)),
                Kind::Computed(computed) => computed.hash(key.number(4)),
            }
            Fingerprint::of(&key.0)
        })
    }

    pub(crate) fn as_cast(&self) -> Option<&Cast> {
        match &self.kind {
            Kind::Cast(cast) => Some(cast),
            _ => None,
        }
    }

    pub(crate) fn as_view(&self) -> Option<&View> {
        match &self.kind {
            Kind::View(view) => Some(view),
            _ => None,
        }
    }

    /// How deep expressions nest here: one more than in the deepest operand.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Fills `out` with wide elements from element `first` on.
    pub(crate) fn read_wide(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        match &self.kind {
            Kind::Cast(cast) => cast.read_wide(self.dtype, first, out),
            Kind::ScaleShift(scale_shift) => scale_shift.read_wide(self.dtype, first, out),
            Kind::View(view) => view.read_wide(self.dtype, first, out),
            Kind::Concat(concat) => concat.read_wide(self.dtype, first, out),
            Kind::Computed(computed) => computed.read_wide(first, out),
        }
    }

    /// Fills `out` with packed bytes from byte `start` on, on all cores where that pays: where elements are
    /// computed. What only moves them reads the more of a row at once the larger its piece is.
    pub(crate) fn read_packed(&self, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
        if !self.is_computed() {
            return self.read_piece(start, out);
        }
        // Eight elements fill as many bytes as one has bits, so that pieces begin with an element.
        let unit = self.dtype.bits().unwrap_or(8);
        parallel::pieces(out, unit, |from, piece| self.read_piece(start + from, piece))
    }

    fn read_piece(&self, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
        if self.dtype.is_sub_byte() {
            self.read_sub_byte(start, out)
        } else {
            self.read_whole_bytes(start, out)
        }
    }

    /// The elements of a byte or more: all but the first and last go straight to their place.
    fn read_whole_bytes(&self, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let size = wide_size(self.dtype).unwrap_or(1);
        let mut element = [0; 8];
        let element = &mut element[..size];
        let (mut first, skip) = (start / size, start % size);
        let mut rest = out;
        if skip > 0 {
            let (head, tail) = rest.split_at_mut(rest.len().min(size - skip));
            self.read_wide(first, element)?;
            head.copy_from_slice(&element[skip..skip + head.len()]);
            (first, rest) = (first + 1, tail);
        }
        let (body, tail) = rest.split_at_mut(rest.len() / size * size);
        if !body.is_empty() {
            self.read_wide(first, body)?;
        }
        if !tail.is_empty() {
            self.read_wide(first + body.len() / size, element)?;
            tail.copy_from_slice(&element[..tail.len()]);
        }
        Ok(())
    }

    /// The elements of less than a byte, in groups of eight, which fill as many bytes as an element
    /// has bits. Whole groups go straight to their place.
    fn read_sub_byte(&self, start: usize, out: &mut [u8]) -> Result<(), TensorError> {
        let bits = self.dtype.bits().unwrap_or(8);
        let end = start + out.len();
        let tile = if self.is_computed() { PLAIN } else { TILE } / 8;
        let mut wide = vec![0; (out.len().div_ceil(bits) + 1).min(tile) * 8];
        let mut at = start;
        while at < end {
            let (first, skip) = (at / bits * 8, at % bits);
            let groups = if skip == 0 { ((end - at) / bits).min(tile) } else { 0 };
            let wide = &mut wide[..(groups.max(1) * 8).min(self.len - first)];
            self.read_wide(first, wide)?;
            let out = &mut out[at - start..];
            let count = match groups {
                0 => {
                    let mut group = [0; 8];
                    pack(self.dtype, wide, &mut group[..bits]);
                    let count = (bits - skip).min(out.len());
                    out[..count].copy_from_slice(&group[skip..skip + count]);
                    count
                }
                _ => {
                    pack(self.dtype, wide, &mut out[..groups * bits]);
                    groups * bits
                }
            };
            at += count;
        }
        Ok(())
    }

    /// Somebody else computes the elements, and reads as much at once as is good for that.
    pub(crate) fn is_computed(&self) -> bool {
        matches!(self.kind, Kind::Computed(_))
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Expr {}

/// Hashes what an expression is: its operation, its parameters and the identity of its operands.
///
/// Identities may be addresses. They never leave the process, and an expression keeps alive what
/// they point to, so that no two that live are taken for each other.
#[derive(Default)]
pub(crate) struct Key(blake3::Hasher);

impl Key {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Key {
        self.0.update(bytes);
        self
    }

    fn number(&mut self, number: usize) -> &mut Key {
        self.bytes(&(number as u64).to_le_bytes())
    }

    fn tensor(&mut self, tensor: &Tensor) {
        self.number(tensor.dtype().number() as usize).number(tensor.len());
        match tensor.data() {
            Data::Inline(bytes) if bytes.len() <= EAGER_BYTES => self.number(0).bytes(bytes),
            Data::Mapped(blob) => {
                let address = Arc::as_ptr(&blob.source).cast::<u8>() as usize;
                self.number(1).number(address);
                self.bytes(&blob.range.start.to_le_bytes()).bytes(&blob.range.end.to_le_bytes())
            }
            Data::Splat(element) => self.number(2).bytes(element),
            Data::Lazy(expr) => self.number(3).bytes(&expr.key().0),
            other => self.number(4).number(std::ptr::from_ref(other) as usize),
        };
    }
}
