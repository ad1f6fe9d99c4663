//! States: what a function keeps between calls.

mod access;

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod canonicalize_state_writes;
mod mark_kv_cache_states;
mod merge_states;
mod pad_states;
mod read_back_states;
mod split_states;
mod unmark_states;
pub use canonicalize_state_writes::CanonicalizeStateWrites;
pub use mark_kv_cache_states::MarkKvCacheStates;
pub use merge_states::MergeStates;
pub use pad_states::PadStates;
pub use read_back_states::ReadBackStates;
pub use split_states::SplitStates;
pub use unmark_states::UnmarkStates;
