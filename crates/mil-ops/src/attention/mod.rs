//! Attention as one op.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod scaled_dot_product_attention;
