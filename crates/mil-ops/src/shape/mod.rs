//! Other shapes, orders and slices of one tensor.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod batch_to_space;
pub mod depth_to_space;
pub mod expand_dims;
pub mod pixel_shuffle;
pub mod pixel_unshuffle;
pub mod reshape;
pub mod reshape_like;
pub mod reverse;
pub mod reverse_sequence;
pub mod slice_by_index;
pub mod slice_by_size;
pub mod slice_update;
pub mod sliding_windows;
pub mod space_to_batch;
pub mod space_to_depth;
pub mod squeeze;
pub mod transpose;

use crate::prelude::*;

/// A function of the four sizes of `x`.
fn rank_4(
    call: &Call<'_>,
    shape: impl Fn([&Dim; 4]) -> Result<Vec<Dim>, InferError>,
) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    match call.dims("x")? {
        None => Ok(vec![dims::tensor(x.dtype, Some(vec![Dim::UNKNOWN; 4]))]),
        Some([n, c, h, w]) => Ok(vec![dims::tensor(x.dtype, Some(shape([n, c, h, w])?))]),
        Some(other) => Err(invalid!("x must have rank 4, not {}", other.len())),
    }
}

/// Channels become blocks of pixels.
fn channels_to_space(call: &Call<'_>, param: &str) -> Result<Vec<Type>, InferError> {
    let block = call.int(param)?;
    rank_4(call, |[n, c, h, w]| {
        Ok(vec![
            n.clone(),
            dims::div(c, block.saturating_mul(block))?,
            dims::mul(h, block)?,
            dims::mul(w, block)?,
        ])
    })
}

/// Blocks of pixels become channels.
fn space_to_channels(call: &Call<'_>, param: &str) -> Result<Vec<Type>, InferError> {
    let block = call.int(param)?;
    rank_4(call, |[n, c, h, w]| {
        Ok(vec![
            n.clone(),
            dims::mul(c, block.saturating_mul(block))?,
            dims::div(h, block)?,
            dims::div(w, block)?,
        ])
    })
}

/// `block_shape`, and for both axes the sum of the two numbers in a parameter of shape [2, 2].
fn blocks(call: &Call<'_>, param: &str) -> Result<([i64; 2], [i64; 2]), InferError> {
    let block = call.ints("block_shape")?;
    let sides = call.ints(param)?;
    match (&block[..], &sides[..]) {
        (&[height, width], &[top, bottom, left, right]) => {
            Ok(([height, width], [top.saturating_add(bottom), left.saturating_add(right)]))
        }
        _ => Err(invalid!("block_shape must have two numbers, and {param} four")),
    }
}

/// The shape of the slice that `begin`, `end`, `stride` and the masks name.
fn sliced(call: &Call<'_>) -> Result<Option<Vec<Dim>>, InferError> {
    let Some(dims) = call.dims("x")? else { return Ok(None) };
    let numbers = |param: &str| -> Result<Option<Vec<i64>>, InferError> {
        match call.ints(param) {
            Ok(numbers) if numbers.len() == dims.len() => Ok(Some(numbers)),
            Ok(numbers) => {
                Err(invalid!("{param} has {} numbers for a tensor of rank {}", numbers.len(), dims.len()))
            }
            Err(_) => Ok(None),
        }
    };
    let (begin, end, stride) = (numbers("begin")?, numbers("end")?, numbers("stride")?);
    let (open_begin, open_end, squeeze) =
        (numbers("begin_mask")?, numbers("end_mask")?, numbers("squeeze_mask")?);
    let set = |mask: &Option<Vec<i64>>, axis: usize| mask.as_ref().is_some_and(|mask| mask[axis] != 0);
    let stride_unknown = call.is_given("stride") && stride.is_none();
    let mut result = Vec::new();
    for (axis, dim) in dims.iter().enumerate() {
        if set(&squeeze, axis) {
            continue;
        }
        let range = SliceRange {
            begin: if set(&open_begin, axis) { Bound::Open } else { Bound::of(&begin, axis) },
            end: if set(&open_end, axis) { Bound::Open } else { Bound::of(&end, axis) },
            stride: stride.as_ref().map_or(1, |stride| stride[axis]),
        };
        result.push(if stride_unknown { Dim::UNKNOWN } else { range.count(dim)? });
    }
    Ok(Some(result))
}

/// One end of a slice.
#[derive(Clone, Copy)]
enum Bound {
    /// As far as it goes.
    Open,
    /// A place, from the front or, negative, from the back.
    At(i64),
    /// Known when the program runs.
    Unknown,
}

impl Bound {
    fn of(numbers: &Option<Vec<i64>>, axis: usize) -> Bound {
        numbers.as_ref().map_or(Bound::Unknown, |numbers| Bound::At(numbers[axis]))
    }
}

/// A slice of one axis.
struct SliceRange {
    begin: Bound,
    end: Bound,
    stride: i64,
}

impl SliceRange {
    /// How many elements it holds.
    fn count(&self, dim: &Dim) -> Result<Dim, InferError> {
        if self.stride == 0 {
            return Err(invalid!("a stride is 0"));
        }
        let step = self.stride.unsigned_abs();
        match (self.begin, self.end, dims::fixed(dim)) {
            (Bound::Open, Bound::Open, _) if step == 1 => Ok(dim.clone()),
            (Bound::Open, Bound::Open, Some(size)) => Ok(Dim::Fixed(size.unsigned_abs().div_ceil(step))),
            (Bound::Unknown, ..) | (_, Bound::Unknown, _) => Ok(Dim::UNKNOWN),
            // Before the front, going backwards: some runtimes take the first element along, others do not.
            (begin, Bound::At(end), Some(size)) if self.stride < 0 && end.saturating_add(size) < 0 => {
                let starts_inside = !matches!(begin, Bound::At(at) if at < -1);
                Ok(if size == 1 && starts_inside { Dim::Fixed(1) } else { Dim::UNKNOWN })
            }
            (begin, end, Some(size)) => Ok(Dim::Fixed(self.between(begin, end, size).div_ceil(step))),
            // One element from a place that the axis has for certain.
            (Bound::At(begin), end, None) if self.takes_one(begin, end) && has_place(dim, begin) => {
                Ok(Dim::Fixed(1))
            }
            _ => Ok(Dim::UNKNOWN),
        }
    }

    /// From this place to this end there is no more than the place.
    fn takes_one(&self, begin: i64, end: Bound) -> bool {
        match end {
            Bound::Open => begin == if self.stride > 0 { -1 } else { 0 },
            Bound::At(end) => {
                (begin < 0) == (end < 0) && end.checked_sub(begin) == Some(self.stride.signum())
            }
            Bound::Unknown => false,
        }
    }

    /// Distance between the ends in an axis of this size.
    fn between(&self, begin: Bound, end: Bound, size: i64) -> u64 {
        let place = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
        let (low, high) = if self.stride > 0 { (0, size) } else { (-1, size - 1) };
        let (first, last) = if self.stride > 0 { (begin, end) } else { (end, begin) };
        let first = if let Bound::At(at) = first { place(at).clamp(low, high) } else { low };
        let last = if let Bound::At(at) = last { place(at).clamp(low, high) } else { high };
        u64::try_from(last.saturating_sub(first)).unwrap_or(0)
    }
}

/// An axis has this place, from the front or from the back, whatever its size is.
fn has_place(dim: &Dim, at: i64) -> bool {
    let least = dim.expression().and_then(|size| size.bounds().lower).unwrap_or(0);
    if at < 0 { least >= at.saturating_neg() } else { least > at }
}
