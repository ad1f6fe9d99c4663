//! Fusions into linear layers.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod expand_dynamic_linear;
mod fuse_linear_bias;
mod fuse_matmul_weight_bias;
mod fuse_onehot_matmul_to_gather;
mod fuse_transpose_matmul;
mod linear_to_conv;
pub use expand_dynamic_linear::ExpandDynamicLinear;
pub use fuse_linear_bias::FuseLinearBias;
pub use fuse_matmul_weight_bias::FuseMatmulWeightBias;
pub use fuse_onehot_matmul_to_gather::FuseOnehotMatmulToGather;
pub use fuse_transpose_matmul::FuseTransposeMatmul;
pub use linear_to_conv::LinearToConv;
