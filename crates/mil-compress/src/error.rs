//! What a fit refuses.

use mil_tensor::{DType, TensorError};

/// What a fit refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The weight cannot be read, or a result cannot be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// The element type is not one that can be compressed.
    #[error("weights of type {0} are not compressed")]
    Type(DType),
    /// An element is infinite or not a number.
    #[error("the weight has elements that are not finite")]
    NotFinite,
    /// Blocks do not divide the weight.
    #[error("axis {axis} of size {size} is not divisible by {by}")]
    Divide {
        /// The axis.
        axis: usize,
        /// Its size.
        size: usize,
        /// What was to divide it.
        by: usize,
    },
    /// More distinct values or vectors than a table has entries.
    #[error("the weight has more than {0} distinct values")]
    Distinct(usize),
    /// An option has a value that makes no sense for this weight.
    #[error("{0}")]
    Option(String),
}
