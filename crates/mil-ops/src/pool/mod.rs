//! Pooling.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod avg_pool;
pub mod l2_pool;
pub mod max_pool;
