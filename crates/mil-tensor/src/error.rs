//! What can go wrong with a tensor.

use std::io;

use crate::{DType, Fingerprint};

/// What can go wrong with a tensor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The data has not the size that type and shape ask for.
    #[error("a {dtype} tensor of shape {shape:?} has {wanted:?} bytes, not {got}")]
    Size {
        /// Element type.
        dtype: DType,
        /// Shape.
        shape: Vec<usize>,
        /// Bytes that type and shape ask for; `None` where they have no size or it overflows.
        wanted: Option<usize>,
        /// Bytes that were given.
        got: usize,
    },
    /// The element type is not what the caller asked for.
    #[error("a {0} tensor cannot be read as {1}")]
    Type(DType, DType),
    /// The operation is defined for numbers only, or for floating-point numbers only.
    #[error("{operation} is not defined for {dtype} tensors")]
    Undefined {
        /// What was asked for.
        operation: &'static str,
        /// Element type.
        dtype: DType,
    },
    /// Only the hash of the elements is known.
    #[error(
        "the values of a tensor are not available: its weight file is missing, or the text holds only a hash ({0})"
    )]
    Opaque(Fingerprint),
    /// The source failed or ended early.
    #[error("cannot read {len} bytes of weights at offset {offset}")]
    Read {
        /// First byte in the source.
        offset: u64,
        /// Bytes wanted.
        len: usize,
        /// Why.
        source: io::Error,
    },
    /// The range lies outside the tensor.
    #[error("bytes {start}..{end} of a tensor of {len} bytes")]
    Range {
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
        /// The tensor's size.
        len: usize,
    },
    /// There is no such axis.
    #[error("axis {axis} of a tensor of rank {rank}")]
    Axis {
        /// The axis.
        axis: usize,
        /// Number of axes.
        rank: usize,
    },
    /// Not an order of the tensor's axes.
    #[error("{permutation:?} is not an order of {rank} axes")]
    Permutation {
        /// What was given.
        permutation: Vec<usize>,
        /// Number of axes.
        rank: usize,
    },
    /// The bounds of a slice do not fit the tensor, or a step is zero.
    #[error("slice {begin:?}..{end:?} by {step:?} of a tensor of shape {shape:?}")]
    Slice {
        /// First index along each axis.
        begin: Vec<usize>,
        /// One past the last index along each axis.
        end: Vec<usize>,
        /// Step along each axis.
        step: Vec<usize>,
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// A parameter has neither one element nor one for each index along the axis.
    #[error("a parameter of {len} elements along axis {axis} of shape {shape:?}")]
    Parameter {
        /// Elements of the parameter.
        len: usize,
        /// The axis.
        axis: usize,
        /// The tensor's shape.
        shape: Vec<usize>,
    },
    /// The shapes differ elsewhere than along the axis.
    #[error("tensors of shapes {first:?} and {other:?} cannot be joined along axis {axis}")]
    Concat {
        /// The axis.
        axis: usize,
        /// Shape of the first tensor.
        first: Vec<usize>,
        /// Shape of the tensor that does not fit.
        other: Vec<usize>,
    },
    /// Nothing to join.
    #[error("no tensors to join")]
    ConcatNothing,
    /// The temporary file for a computed tensor failed.
    #[error("cannot write a temporary file for a computed tensor")]
    Spill(#[from] io::Error),
}
