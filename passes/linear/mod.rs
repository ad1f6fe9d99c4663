//! Fusions into linear layers.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_linear_bias;
pub use fuse_linear_bias::FuseLinearBias;
