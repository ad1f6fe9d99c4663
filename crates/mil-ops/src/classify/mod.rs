//! Class labels from probabilities.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod classify;
