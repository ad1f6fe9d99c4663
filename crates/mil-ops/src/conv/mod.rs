//! Convolutions.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod conv;
pub mod conv_quantized;
pub mod conv_transpose;
