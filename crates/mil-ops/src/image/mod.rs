//! Resizing, cropping and resampling of images.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod affine;
pub mod crop;
pub mod crop_resize;
pub mod resample;
pub mod resize;
pub mod resize_bilinear;
pub mod resize_nearest_neighbor;
pub mod upsample_bilinear;
pub mod upsample_nearest_neighbor;

use crate::prelude::*;

/// The type of `x` with its last two axes, height (0) and width (1), changed.
fn spatial(
    call: &Call<'_>,
    size: impl Fn(usize, &Dim) -> Result<Dim, InferError>,
) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(dims) = call.dims("x")? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let [front @ .., height, width] = dims else {
        return Err(invalid!("x must have rank 3 at least, not {}", dims.len()));
    };
    let result = front.iter().cloned().map(Ok).chain([size(0, height), size(1, width)]);
    Ok(vec![dims::tensor(x.dtype, Some(result.collect::<Result<_, _>>()?))])
}

/// Height and width times a factor, rounded down.
fn infer_upsample(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let factors = [call.float("scale_factor_height")?, call.float("scale_factor_width")?];
    spatial(call, |axis, dim| {
        if factors[axis] == 1.0 {
            return Ok(dim.clone());
        }
        // A factor is a 32-bit number or an integer; the product is exact in 64 bits.
        dims::map(dim, |size| {
            Some((size as f64 * factors[axis]).floor()).filter(|size| *size < 9e15).map(|size| size as i64)
        })
    })
}

/// Height and width as asked for.
fn infer_target_size(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let size = [call.int("target_size_height")?, call.int("target_size_width")?];
    spatial(call, |axis, _| dims::size(size[axis]))
}
