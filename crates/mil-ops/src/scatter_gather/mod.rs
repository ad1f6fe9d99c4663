//! Reading and writing at indices.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod gather;
pub mod gather_along_axis;
pub mod gather_nd;
pub mod scatter;
pub mod scatter_along_axis;
pub mod scatter_nd;
