//! Attention.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod slice_attention_queries;
pub use slice_attention_queries::SliceAttentionQueries;
