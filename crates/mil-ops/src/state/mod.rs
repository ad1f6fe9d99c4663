//! States that live across calls.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod read_state;
pub mod write_state;
