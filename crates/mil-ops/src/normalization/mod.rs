//! Normalisations.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod batch_norm;
pub mod instance_norm;
pub mod l2_norm;
pub mod layer_norm;
pub mod local_response_norm;

use crate::prelude::*;

/// Statistics, scale and shift are vectors as long as there are channels.
fn check_channels(call: &Call<'_>, problems: &mut Problems) {
    let Ok(Some(dims)) = call.dims("x") else { return };
    if dims.len() < 3 {
        problems.add(format!("x must have rank 3 at least, not {}", dims.len()));
        return;
    }
    for param in ["mean", "variance", "gamma", "beta"] {
        call.expect_shape(param, &dims[1..2], problems);
    }
}
