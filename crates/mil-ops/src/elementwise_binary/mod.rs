//! Functions of two tensors, element by element, with broadcasting.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod add;
pub mod equal;
pub mod floor_div;
pub mod greater;
pub mod greater_equal;
pub mod less;
pub mod less_equal;
pub mod logical_and;
pub mod logical_or;
pub mod logical_xor;
pub mod maximum;
pub mod minimum;
#[path = "mod/mod.rs"]
pub mod r#mod;
pub mod mul;
pub mod not_equal;
pub mod pow;
pub mod real_div;
pub mod sub;

use crate::prelude::*;

/// Both operands broadcast to each other.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = dims::promote(call.dtype("x")?, call.dtype("y")?);
    Ok(vec![dims::tensor(dtype, dims::broadcast_ranked(call.dims("x")?, call.dims("y")?)?)])
}

/// Both operands broadcast to each other, as booleans.
fn infer_bool(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    call.dtype("x")?;
    call.dtype("y")?;
    Ok(vec![dims::tensor(Bool, dims::broadcast_ranked(call.dims("x")?, call.dims("y")?)?)])
}
