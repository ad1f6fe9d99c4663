//! Matrix products.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod einsum;
pub mod linear;
pub mod matmul;
