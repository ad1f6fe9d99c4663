//! Making, joining, splitting and searching tensors.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod argsort;
pub mod band_part;
pub mod concat;
pub mod cumsum;
pub mod fill;
pub mod fill_like;
pub mod flatten2d;
pub mod identity;
pub mod non_maximum_suppression;
pub mod non_zero;
pub mod one_hot;
pub mod pad;
pub mod range_1d;
pub mod shape;
pub mod split;
pub mod stack;
pub mod tile;
pub mod topk;

use crate::prelude::*;

/// The element type and the shapes of the operands of a variadic parameter, which must be tensors of one type
/// and rank.
fn alike<'a>(call: &Call<'a>, param: &str) -> Result<(DType, Vec<Dims<'a>>), InferError> {
    let mut dtype = None;
    let mut rank = None;
    let mut shapes = Vec::new();
    for ty in call.types(param) {
        let tensor = ty.as_tensor().ok_or_else(|| InferError::NotTensor(param.into()))?;
        let shape = dims::ranked(tensor);
        if *dtype.get_or_insert(tensor.dtype) != tensor.dtype {
            return Err(invalid!("{param} differ in their element types"));
        }
        if let Some(shape) = shape
            && *rank.get_or_insert(shape.len()) != shape.len()
        {
            return Err(invalid!("{param} differ in their ranks"));
        }
        shapes.push(shape);
    }
    Ok((dtype.ok_or_else(|| InferError::Missing(param.into()))?, shapes))
}

/// Takes over what another shape knows better. Sizes must be equal but for those of one axis.
fn unify_except(known: &mut [Dim], other: &[Dim], except: Option<usize>) -> Result<(), InferError> {
    for (axis, (dim, other)) in known.iter_mut().zip(other).enumerate() {
        if Some(axis) != except {
            *dim = dims::unify(dim, other)
                .ok_or_else(|| invalid!("sizes {dim} and {other} of axis {axis} differ"))?;
        }
    }
    Ok(())
}
