//! States: what a function keeps between calls.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod mark_kv_cache_states;
mod unmark_states;
pub use mark_kv_cache_states::MarkKvCacheStates;
pub use unmark_states::UnmarkStates;
