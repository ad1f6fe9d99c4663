//! States: what a function keeps between calls.

// Generated from the folders: BLESS=1 cargo test -p mil-passes
mod canonicalize_state_writes;
mod read_back_states;
pub use canonicalize_state_writes::CanonicalizeStateWrites;
pub use read_back_states::ReadBackStates;
