//! What a crate above computes.

use std::fmt;
use std::sync::Arc;

use super::Key;
use crate::{Tensor, TensorError};

/// Elements that a crate above computes from other tensors, by parameters that it has fitted before.
///
/// [`Tensor::computed_by`] makes a tensor of one. Like every expression it applies what is known already,
/// gives any range of its elements within bounded memory, and depends on nothing but its operands.
pub trait Computation: fmt::Debug + Send + Sync {
    /// The tensors that it reads.
    fn operands(&self) -> &[Tensor];

    /// What it does with them: a name of its own, and all parameters. Computations with the same key and
    /// operands give the same elements.
    fn key(&self) -> Vec<u8>;

    /// Fills `out` with elements from element `first` on. One of less than a byte has a byte of its own,
    /// sign-extended.
    fn read(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError>;
}

/// A computation as an expression.
#[derive(Debug)]
pub(crate) struct Computed(pub(crate) Arc<dyn Computation>);

impl Computed {
    pub(super) fn operands(&self) -> &[Tensor] {
        self.0.operands()
    }

    pub(super) fn hash(&self, key: &mut Key) {
        let own = self.0.key();
        key.number(own.len()).bytes(&own);
    }

    pub(super) fn read_wide(&self, first: usize, out: &mut [u8]) -> Result<(), TensorError> {
        self.0.read(first, out)
    }
}
