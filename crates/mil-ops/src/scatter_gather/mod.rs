//! Reading and writing at indices.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod gather;
pub mod gather_along_axis;
pub mod gather_nd;
pub mod scatter;
pub mod scatter_along_axis;
pub mod scatter_nd;

use crate::prelude::*;

/// `batch_dims` of the versions that have it, at most so many.
fn batch_dims(call: &Call<'_>, most: usize) -> Result<usize, InferError> {
    if call.version().param("batch_dims").is_none() {
        return Ok(0);
    }
    let number = call.int("batch_dims")?;
    usize::try_from(number)
        .ok()
        .filter(|&number| number <= most)
        .ok_or_else(|| invalid!("batch_dims is {number}"))
}

/// Both tensors have one rank, and equal sizes but for the axis.
fn check_along(call: &Call<'_>, data: &[Dim], indices: &[Dim]) -> Result<(), InferError> {
    let axis = call.axis("axis", data.len())?;
    let fits = |(at, (a, b)): (usize, (&Dim, &Dim))| at == axis || dims::may_equal(a, b);
    if data.len() == indices.len() && data.iter().zip(indices).enumerate().all(fits) {
        return Ok(());
    }
    Err(invalid!(
        "indices of shape {} do not go along axis {axis} of {}",
        dims::show(indices),
        dims::show(data)
    ))
}

/// The updates have the shape of what they replace.
fn check_updates(updates: &[Dim], wanted: &[Dim]) -> Result<(), InferError> {
    if updates.len() == wanted.len() && updates.iter().zip(wanted).all(|(a, b)| dims::may_equal(a, b)) {
        return Ok(());
    }
    Err(invalid!("updates have shape {}, not {}", dims::show(updates), dims::show(wanted)))
}

/// Index tuples: where they stand (the axes before the last) and what each names (the axes that it leaves).
struct Tuples<'a> {
    places: &'a [Dim],
    rest: &'a [Dim],
}

impl Tuples<'_> {
    /// The shape of all that they name.
    fn shape(&self) -> Vec<Dim> {
        self.places.iter().chain(self.rest).cloned().collect()
    }
}

/// The index tuples in a tensor. `None` where their length is not known.
fn tuples<'a>(data: &'a [Dim], indices: &'a [Dim], batch: usize) -> Result<Option<Tuples<'a>>, InferError> {
    let Some((depth, places)) = indices.split_last() else { return Err(invalid!("indices is a scalar")) };
    let Some(depth) = depth.fixed() else { return Ok(None) };
    let rest = usize::try_from(depth).ok().and_then(|depth| data.get(batch.checked_add(depth)?..));
    rest.map(|rest| Some(Tuples { places, rest }))
        .ok_or_else(|| invalid!("index tuples of length {depth} exceed the rank {}", data.len()))
}
