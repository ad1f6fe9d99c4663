//! Normalisations.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod batch_norm;
pub mod instance_norm;
pub mod l2_norm;
pub mod layer_norm;
pub mod local_response_norm;
