//! States that live across calls.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod read_state;
pub mod write_state;

use crate::prelude::*;

/// The type of what the state `input` holds.
fn contents<'a>(call: &Call<'a>) -> Result<&'a Type, InferError> {
    let state = call.ty("input").ok_or_else(|| InferError::Missing("input".into()))?;
    state.as_state().ok_or_else(|| invalid!("input is no state"))
}
