//! Attention as one op, and as several.

mod casts;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod ane_attention;
mod fuse_sdpa;
mod slice_attention_queries;
mod unfuse_sdpa;
pub use ane_attention::AneAttention;
pub use fuse_sdpa::FuseSdpa;
pub use slice_attention_queries::SliceAttentionQueries;
pub use unfuse_sdpa::UnfuseSdpa;
