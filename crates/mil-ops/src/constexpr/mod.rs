//! Weights that are stored compressed and decompressed when the program is loaded.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod constexpr_affine_dequantize;
pub mod constexpr_blockwise_shift_scale;
pub mod constexpr_cast;
pub mod constexpr_lut_to_dense;
pub mod constexpr_lut_to_sparse;
pub mod constexpr_sparse_blockwise_shift_scale;
pub mod constexpr_sparse_to_dense;

use crate::prelude::*;

/// The length of the vectors in a look-up table (iOS18), and the shape of what indices of this shape stand
/// for.
fn vectors(call: &Call<'_>, indices: &[Dim]) -> Result<(i64, Vec<Dim>), InferError> {
    let mut shape = indices.to_vec();
    let Some(lut) = call.dims("lut")? else { return Ok((1, shape)) };
    if lut.len() != indices.len() + 2 {
        return Err(invalid!("lut has rank {}, the indices {}", lut.len(), indices.len()));
    }
    for (axis, (dim, blocks)) in indices.iter().zip(lut).enumerate() {
        if let (Some(size), Some(blocks)) = (dims::fixed(dim), dims::fixed(blocks))
            && (blocks == 0 || size % blocks != 0)
        {
            return Err(invalid!("axis {axis} of size {size} has {blocks} look-up tables"));
        }
    }
    let length = lut.last().and_then(dims::fixed).unwrap_or(1);
    if length > 1 {
        let axis = call.axis("vector_axis", indices.len())?;
        shape[axis] = dims::mul(&shape[axis], length)?;
    }
    Ok((length, shape))
}

/// The scale has as many axes as the data, whose sizes it divides; the offset has its shape.
fn check_blocks(call: &Call<'_>, data: &str) -> Result<(), InferError> {
    let (Some(data), Some(scale)) = (call.dims(data)?, call.dims("scale")?) else { return Ok(()) };
    let divides = |(size, blocks): (&Dim, &Dim)| match (dims::fixed(size), dims::fixed(blocks)) {
        (Some(size), Some(blocks)) => blocks > 0 && size % blocks == 0,
        _ => true,
    };
    if data.len() != scale.len() || !data.iter().zip(scale).all(divides) {
        return Err(invalid!("scale has shape {}, the data {}", dims::show(scale), dims::show(data)));
    }
    match call.dims_of("offset") {
        Some(offset)
            if offset.len() != scale.len()
                || !offset.iter().zip(scale).all(|(a, b)| dims::may_equal(a, b)) =>
        {
            Err(invalid!("offset has shape {}, scale {}", dims::show(offset), dims::show(scale)))
        }
        _ => Ok(()),
    }
}
