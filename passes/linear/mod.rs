//! Fusions into linear layers.

mod fuse_linear_bias;

pub use fuse_linear_bias::FuseLinearBias;
