//! Fits that make weights smaller, as pure functions over tensors.
//!
//! Each takes a weight, finds few parameters (scales, look-up tables, a threshold), and gives tensors that
//! apply them when they are read: integers, indices, masks. The weight is read tile by tile and is never
//! in memory as a whole, unless it is small.
//!
//! | module | finds |
//! |---|---|
//! | [`allocate`] | which weight takes which form, within a size or an error |
//! | [`compensate`] | integers and indices that make up for their own errors, from calibration inputs |
//! | [`palette`] | look-up tables: optimal k-means, uniform, unique or given ones, for groups or vectors |
//! | [`quantize`] | scales and zero points of integers, for blocks |
//! | [`prune`] | which elements become zero: by threshold, by rank, in blocks, n of m |
//!
//! **Invariants**
//!
//! - What is found depends on the weight and the options alone: not on the processor or the number of
//!   threads. Sums are taken in a fixed order.
//! - Parameters are rounded to the type in which they are stored before they are applied, so that what a
//!   weight is quantized to is the nearest that the file can say.
//! - Weights with elements that are not finite are refused ([`CompressError::NotFinite`]).

mod blocks;
mod distribution;
mod error;
mod kmeans;
mod measure;
mod par;
mod read;

pub mod allocate;
pub mod compensate;
pub mod palette;
pub mod prune;
pub mod quantize;
pub mod sparse;

pub use blocks::Blocks;
pub use error::CompressError;
pub use measure::{Loss, loss};
pub use par::each;
