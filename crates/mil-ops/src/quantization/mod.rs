//! Affine quantisation of tensors at run time.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod dequantize;
pub mod quantize;
