//! Tensors of every MIL element type, whose bytes need not be in memory.
//!
//! A [`Tensor`] is an element type, a shape and a shared [`Data`]: bytes in memory, a range of a file,
//! one repeated element, or an expression over other tensors. Cloning is cheap. Readers ask for ranges,
//! so that a weight of several gigabytes passes through a buffer of a few megabytes.
//!
//! **Invariants**
//!
//! - Bytes are little endian, row-major, and *packed*: sub-byte elements are laid out least significant
//!   bit first without gaps, as in a `weight.bin`. A `bool` is one byte, 0 or 1.
//! - The length of the data is what the type and the shape say; constructors check it.
//! - An expression ([`Expr`]) only applies what is already known: it casts, scales, reorders, joins.
//!   Equal expressions are equal without being read, and what they compute depends on nothing but
//!   their operands: not on the processor, the number of threads or the ranges that are asked for.
//! - Nothing here maps memory. Files are read at offsets, so that a file that somebody truncates
//!   is an error ([`TensorError::Read`]), never a signal.

mod data;
mod dtype;
mod element;
mod error;
mod expr;
mod limits;
mod number;
mod pack;
mod place;
pub mod random;
mod source;
#[cfg(feature = "spill")]
mod spill;
mod tensor;
mod vectorized;

pub use data::{Data, Fingerprint};
pub use dtype::DType;
pub use element::Element;
pub use error::TensorError;
pub use expr::{Computation, Expr};
pub use limits::{EAGER_BYTES, MAX_DEPTH};
pub use place::place;
pub use source::{Blob, FileSource, MemorySource, Source};
pub use tensor::{Shape, Tensor};
pub use vectorized::{Work, run_vectorized};
