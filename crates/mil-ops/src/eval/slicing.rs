//! Slices as NumPy has them, and other maps from the axes of a result to those of an operand.

use mil_tensor::Shape;

use super::strided::{Axes, strides, walk};
use super::{Array, Context, EvalError, Stored, ensure};

/// A slice of an array: where it starts, its axes, and which of them are dropped from the result's shape.
pub(crate) struct Slice {
    pub(crate) start: isize,
    pub(crate) axes: Axes,
    pub(crate) shape: Shape,
}

/// The slice that `begin`, `end`, `stride` and the masks stand for, on an array of this shape.
pub(crate) fn slice(cx: &Context<'_>, shape: &[usize]) -> Result<Slice, EvalError> {
    let rank = shape.len();
    let mask = |param: &str| -> Result<Vec<bool>, EvalError> {
        Ok(match cx.optional(param)? {
            Some(mask) => mask.bools()?.into_owned(),
            None => vec![false; rank],
        })
    };
    let (begin, end) = (cx.ints("begin")?, cx.ints("end")?);
    let stride = cx.optional_ints("stride")?.unwrap_or_else(|| vec![1; rank]);
    let (begin_mask, end_mask, squeeze) = (mask("begin_mask")?, mask("end_mask")?, mask("squeeze_mask")?);
    for (param, len) in [
        ("begin", begin.len()),
        ("end", end.len()),
        ("stride", stride.len()),
        ("begin_mask", begin_mask.len()),
        ("end_mask", end_mask.len()),
        ("squeeze_mask", squeeze.len()),
    ] {
        ensure!(len == rank, "{param} has {len} elements for an array of rank {rank}");
    }
    let own = strides(shape);
    let mut found = Slice { start: 0, axes: Axes::new(), shape: Shape::new() };
    for axis in 0..rank {
        let size = shape[axis] as i64;
        let step = stride[axis];
        ensure!(step != 0, "the stride of axis {axis} is 0");
        let from_end = |index: i64| if index < 0 { index.saturating_add(size) } else { index };
        if squeeze[axis] {
            let index = if begin_mask[axis] { 0 } else { from_end(begin[axis]) };
            ensure!((0..size).contains(&index), "index {} on an axis of {size} elements", begin[axis]);
            found.start += index as isize * own[axis] as isize;
            found.axes.push((1, 0));
            continue;
        }
        // As Python's slice.indices.
        let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
        let first = match begin_mask[axis] {
            true if step > 0 => low,
            true => high,
            false => from_end(begin[axis]).clamp(low, high),
        };
        let last = match end_mask[axis] {
            true if step > 0 => high,
            true => low,
            false => from_end(end[axis]).clamp(low, high),
        };
        let span = if step > 0 { last - first } else { first - last };
        let count = if span <= 0 { 0 } else { (span - 1) / step.saturating_abs() + 1 };
        if count > 0 {
            found.start += first as isize * own[axis] as isize;
        }
        let step = if count > 1 { step as isize * own[axis] as isize } else { own[axis] as isize };
        found.axes.push((count as usize, step));
        found.shape.push(count as usize);
    }
    Ok(found)
}

/// Puts the elements of `update`, in row-major order, to the places of a view.
pub(crate) fn put<T: Clone>(out: &mut [T], start: isize, axes: &[(usize, isize)], update: &[T]) {
    let sizes: Shape = axes.iter().map(|axis| axis.0).collect();
    let steps: smallvec::SmallVec<[isize; 6]> = axes.iter().map(|axis| axis.1).collect();
    let mut update = update.iter();
    walk(&sizes, [&steps], [start], |[at]| {
        if let (Some(place), Some(value)) = (out.get_mut(at as usize), update.next()) {
            *place = value.clone();
        }
    });
}

/// A new array whose element at a place comes from the place that the maps give, axis by axis; `None`: from
/// `fill`.
pub(crate) fn remap<T: Stored>(
    cx: &Context<'_>,
    values: &[T],
    shape: &[usize],
    maps: &[Vec<Option<usize>>],
    fill: &T,
) -> Result<Vec<T>, EvalError> {
    let sizes: Shape = maps.iter().map(Vec::len).collect();
    let mut out = cx.vec(&sizes)?;
    let Some((inner, outer)) = maps.split_last() else {
        out.extend_from_slice(values);
        return Ok(out);
    };
    let own = strides(shape);
    let outer_sizes = &sizes[..outer.len()];
    if sizes.contains(&0) {
        return Ok(out);
    }
    let mut index: Shape = outer.iter().map(|_| 0).collect();
    loop {
        let start = index
            .iter()
            .zip(outer)
            .zip(&own)
            .try_fold(0, |start, ((&at, map), &stride)| Some(start + map[at]? * stride));
        match start {
            Some(start) => {
                out.extend(inner.iter().map(|at| at.map_or(fill, |at| &values[start + at]).clone()));
            }
            None => out.extend(std::iter::repeat_n(fill, inner.len()).cloned()),
        }
        let mut axis = outer.len();
        loop {
            if axis == 0 {
                return Ok(out);
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < outer_sizes[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// Splits the axes of `x` (its shape becomes `split`), puts them into another order, and joins them to
/// `joined`.
pub(crate) fn rearrange(
    cx: &Context<'_>,
    x: &Array,
    split: &[usize],
    order: &[usize],
    joined: &[usize],
) -> Result<Array, EvalError> {
    let x = x.reshaped(split)?;
    let own = super::strided::whole(split);
    let axes: Axes = order.iter().map(|&axis| own[axis]).collect();
    super::strided::view(cx, &x, 0, &axes)?.reshaped(joined)
}

/// The four sizes of an image batch.
pub(crate) fn image(x: &Array) -> Result<[usize; 4], EvalError> {
    <[usize; 4]>::try_from(x.shape())
        .map_err(|_| EvalError::Invalid(format!("x has rank {}, not 4", x.rank())))
}

/// `a / b`, which leaves no remainder.
pub(crate) fn divided(a: usize, b: usize) -> Result<usize, EvalError> {
    ensure!(b > 0 && a.is_multiple_of(b), "{a} is no multiple of {b}");
    Ok(a / b)
}

/// Without some rows and columns of the last two axes.
pub(crate) fn crop(
    cx: &Context<'_>,
    x: &Array,
    rows: (usize, usize),
    columns: (usize, usize),
) -> Result<Array, EvalError> {
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let mut axes = super::strided::whole(x.shape());
    let mut start = 0;
    for (axis, (before, after)) in [(x.rank() - 2, rows), (x.rank() - 1, columns)] {
        let (size, stride) = axes[axis];
        let left = before.checked_add(after).and_then(|sum| size.checked_sub(sum));
        let left = left.ok_or_else(|| {
            EvalError::Invalid(format!("{before} and {after} elements cannot be cropped from {size}"))
        })?;
        start += if left > 0 { before as isize * stride } else { 0 };
        axes[axis].0 = left;
    }
    super::strided::view(cx, x, start, &axes)
}

/// Arrays of one type side by side: for each index of the axes before `axis`, the rest of each array in turn.
pub(crate) fn join(
    cx: &Context<'_>,
    arrays: &[&Array],
    axis: usize,
    shape: &[usize],
) -> Result<Array, EvalError> {
    let first = *arrays.first().ok_or_else(|| EvalError::Invalid("no arrays to join".into()))?;
    let outer: usize = first.shape()[..axis].iter().product();
    let data = super::with_stored!(first.data(), T => {
        let mut pieces = Vec::new();
        for array in arrays {
            ensure!(array.dtype() == first.dtype(), "{} and {} arrays", first.dtype(), array.dtype());
            let inner: usize = array.shape()[axis..].iter().product();
            pieces.push((array.wanted::<T>()?, inner));
        }
        let mut out = cx.vec::<T>(shape)?;
        for index in 0..outer {
            for &(values, inner) in &pieces {
                out.extend_from_slice(&values[index * inner..(index + 1) * inner]);
            }
        }
        T::pack(out)
    });
    first.with_data(shape, data)
}
