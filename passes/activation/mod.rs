//! Activations.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_gelu_exact;
mod merge_consecutive_relus;
mod prelu_to_leaky_relu;
pub use fuse_gelu_exact::FuseGeluExact;
pub use merge_consecutive_relus::MergeConsecutiveRelus;
pub use prelu_to_leaky_relu::PreluToLeakyRelu;
