//! Reductions along axes.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod reduce_argmax;
pub mod reduce_argmin;
pub mod reduce_l1_norm;
pub mod reduce_l2_norm;
pub mod reduce_log_sum;
pub mod reduce_log_sum_exp;
pub mod reduce_max;
pub mod reduce_mean;
pub mod reduce_min;
pub mod reduce_prod;
pub mod reduce_sum;
pub mod reduce_sum_square;

use crate::prelude::*;

/// Without the reduced axes, or with size 1 there. All axes are reduced where none are named.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let axes = match call.is_given("axes") {
        true => call.axes("axes", dims.len())?,
        false => (0..dims.len()).collect(),
    };
    Ok(vec![dims::tensor(x.dtype, Some(reduced(dims, &axes, call.bool("keep_dims")?)))])
}

/// Without the reduced axis, or with size 1 there, in an integer type.
fn infer_arg(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let dtype = match call.string("output_dtype") {
        Ok(name) => dims::named_dtype("output_dtype", name)?,
        Err(_) => Int32,
    };
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(dtype, None)]) };
    let axis = call.axis("axis", dims.len())?;
    Ok(vec![dims::tensor(dtype, Some(reduced(dims, &[axis], call.bool("keep_dims")?)))])
}

fn reduced(dims: &[Dim], axes: &[usize], keep: bool) -> Vec<Dim> {
    let dim = |(axis, dim): (usize, &Dim)| match (axes.contains(&axis), keep) {
        (false, _) => Some(dim.clone()),
        (true, true) => Some(Dim::Fixed(1)),
        (true, false) => None,
    };
    dims.iter().enumerate().filter_map(dim).collect()
}
