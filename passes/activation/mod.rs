//! Activations.

mod fuse_gelu_exact;
mod merge_consecutive_relus;

pub use fuse_gelu_exact::FuseGeluExact;
pub use merge_consecutive_relus::MergeConsecutiveRelus;
