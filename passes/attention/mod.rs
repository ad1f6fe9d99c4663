//! Attention as one op, and as several.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod fuse_sdpa;
mod unfuse_sdpa;
pub use fuse_sdpa::FuseSdpa;
pub use unfuse_sdpa::UnfuseSdpa;
