//! Random numbers.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod random_bernoulli;
pub mod random_categorical;
pub mod random_normal;
pub mod random_uniform;

use crate::prelude::*;

/// The shape that `shape` says, in the type of the first of these parameters that is given.
fn shaped(call: &Call<'_>, params: &[&str]) -> Result<Vec<Type>, InferError> {
    let dtype = params.iter().find_map(|param| call.ty(param)?.dtype()).unwrap_or(Fp32);
    Ok(vec![dims::tensor(dtype, call.shape_from("shape")?)])
}
