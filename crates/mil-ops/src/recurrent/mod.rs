//! Recurrent layers.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod gru;
pub mod lstm;
pub mod rnn;
