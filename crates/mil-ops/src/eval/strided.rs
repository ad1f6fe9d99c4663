//! Walks over arrays by strides: what layout ops and broadcasting share.

use mil_tensor::Shape;

use super::{Array, Context, EvalError, Stored, ensure, rearranged};

/// Axes of a view: size and stride in elements, outermost first.
pub(crate) type Axes = smallvec::SmallVec<[(usize, isize); 6]>;

/// Row-major strides of a shape.
pub(crate) fn strides(shape: &[usize]) -> Shape {
    let mut strides: Shape = shape.iter().map(|_| 1).collect();
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis].max(1));
    }
    strides
}

/// The axes of a whole array.
pub(crate) fn whole(shape: &[usize]) -> Axes {
    shape.iter().zip(strides(shape)).map(|(&size, stride)| (size, stride as isize)).collect()
}

/// Joins axes that can be walked as one and drops those of one element.
fn joined(axes: &[(usize, isize)]) -> Axes {
    let mut joined = Axes::new();
    for &(size, stride) in axes.iter().filter(|axis| axis.0 != 1) {
        match joined.last_mut() {
            Some(outer) if outer.1 == stride * size as isize => *outer = (outer.0 * size, stride),
            _ => joined.push((size, stride)),
        }
    }
    joined
}

/// Calls `visit` with the position of each innermost run of `N` views that are walked together. All have the
/// same sizes.
pub(crate) fn walk<const N: usize>(
    sizes: &[usize],
    steps: [&[isize]; N],
    starts: [isize; N],
    mut visit: impl FnMut([isize; N]),
) {
    if sizes.contains(&0) {
        return;
    }
    let mut index: Shape = sizes.iter().map(|_| 0).collect();
    let mut at = starts;
    loop {
        visit(at);
        let mut axis = sizes.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            for view in 0..N {
                at[view] += steps[view][axis];
            }
            if index[axis] < sizes[axis] {
                break;
            }
            for view in 0..N {
                at[view] -= steps[view][axis] * sizes[axis] as isize;
            }
            index[axis] = 0;
        }
    }
}

/// Appends the elements of a view in row-major order. The view lies inside `source`.
pub(crate) fn collect<T: Clone>(source: &[T], start: isize, axes: &[(usize, isize)], out: &mut Vec<T>) {
    if axes.iter().any(|axis| axis.0 == 0) {
        return;
    }
    let axes = joined(axes);
    let Some((&(size, stride), outer)) = axes.split_last() else {
        out.extend(source.get(start as usize).cloned());
        return;
    };
    let sizes: Shape = outer.iter().map(|axis| axis.0).collect();
    let steps: smallvec::SmallVec<[isize; 6]> = outer.iter().map(|axis| axis.1).collect();
    walk(&sizes, [&steps], [start], |[at]| match stride {
        1 => out.extend_from_slice(&source[at as usize..at as usize + size]),
        0 => out.extend(std::iter::repeat_n(&source[at as usize], size).cloned()),
        _ if stride > 0 => {
            out.extend(source[at as usize..].iter().step_by(stride as usize).take(size).cloned());
        }
        _ => out.extend((0..size).map(|i| source[(at + i as isize * stride) as usize].clone())),
    });
}

/// A new array from a view of another one.
pub(crate) fn view(
    cx: &Context<'_>,
    array: &Array,
    start: isize,
    axes: &[(usize, isize)],
) -> Result<Array, EvalError> {
    let shape: Shape = axes.iter().map(|axis| axis.0).collect();
    let data = rearranged!(array.data(), source => {
        let mut out = cx.vec(&shape)?;
        collect(source, start, axes, &mut out);
        Ok::<_, EvalError>(out)
    })?;
    array.with_data(&shape, data)
}

/// The elements of an array with its axes in another order.
pub(crate) fn permuted<T: Stored>(
    cx: &Context<'_>,
    values: &[T],
    shape: &[usize],
    order: &[usize],
) -> Result<Vec<T>, EvalError> {
    let own = whole(shape);
    let axes: Axes = order.iter().map(|&axis| own[axis]).collect();
    let mut out = cx.vec(shape)?;
    collect(values, 0, &axes, &mut out);
    Ok(out)
}

/// The shape that arrays broadcast to, as in NumPy.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Result<Shape, EvalError> {
    let rank = a.len().max(b.len());
    let dim = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(EvalError::Invalid(format!("shapes {a:?} and {b:?} do not broadcast"))),
        })
        .collect()
}

/// The axes of an array that is broadcast to a shape: repeated ones have stride 0.
pub(crate) fn stretched(from: &[usize], to: &[usize]) -> Result<Axes, EvalError> {
    ensure!(from.len() <= to.len(), "shape {from:?} does not broadcast to {to:?}");
    let missing = to.len() - from.len();
    let own = strides(from);
    to.iter()
        .enumerate()
        .map(|(axis, &size)| match axis.checked_sub(missing) {
            None => Ok((size, 0)),
            Some(at) if from[at] == size => Ok((size, own[at] as isize)),
            Some(at) if from[at] == 1 => Ok((size, 0)),
            Some(_) => Err(EvalError::Invalid(format!("shape {from:?} does not broadcast to {to:?}"))),
        })
        .collect()
}

/// The elements of an array that is broadcast to a shape.
pub(crate) fn stretch<'s, T: Stored>(
    cx: &Context<'_>,
    values: &'s [T],
    from: &[usize],
    to: &[usize],
) -> Result<std::borrow::Cow<'s, [T]>, EvalError> {
    if from == to {
        return Ok(values.into());
    }
    let axes = stretched(from, to)?;
    let mut out = cx.vec(to)?;
    collect(values, 0, &axes, &mut out);
    Ok(out.into())
}

/// Combines two arrays, element by element, after broadcasting.
pub(crate) fn zip<A: Copy + Sync, B: Copy + Sync, R: Stored>(
    cx: &Context<'_>,
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    f: impl Fn(A, B) -> R,
) -> Result<(Shape, Vec<R>), EvalError> {
    let shape = broadcast(a_shape, b_shape)?;
    let mut out = cx.vec(&shape)?;
    if a_shape == b_shape {
        out.extend(a.iter().zip(b).map(|(&a, &b)| f(a, b)));
        return Ok((shape, out));
    }
    if shape.contains(&0) {
        return Ok((shape, out));
    }
    // Join axes that both arrays walk alike.
    let mut axes: smallvec::SmallVec<[(usize, isize, isize); 6]> = smallvec::SmallVec::new();
    for ((size, a), (_, b)) in stretched(a_shape, &shape)?.into_iter().zip(stretched(b_shape, &shape)?) {
        if size == 1 {
            continue;
        }
        match axes.last_mut() {
            Some(last) if last.1 == a * size as isize && last.2 == b * size as isize => {
                *last = (last.0 * size, a, b);
            }
            _ => axes.push((size, a, b)),
        }
    }
    let (size, a_step, b_step) = axes.pop().unwrap_or((1, 1, 1));
    let sizes: Shape = axes.iter().map(|axis| axis.0).collect();
    let a_steps: Vec<isize> = axes.iter().map(|axis| axis.1).collect();
    let b_steps: Vec<isize> = axes.iter().map(|axis| axis.2).collect();
    walk(&sizes, [&a_steps, &b_steps], [0, 0], |[i, j]| {
        let (i, j) = (i as usize, j as usize);
        match (a_step, b_step) {
            (1, 1) => out.extend(a[i..i + size].iter().zip(&b[j..j + size]).map(|(&a, &b)| f(a, b))),
            (1, 0) => {
                let b = b[j];
                out.extend(a[i..i + size].iter().map(|&a| f(a, b)));
            }
            (0, 1) => {
                let a = a[i];
                out.extend(b[j..j + size].iter().map(|&b| f(a, b)));
            }
            _ => out.extend((0..size).map(|n| f(a[i + n * a_step as usize], b[j + n * b_step as usize]))),
        }
    });
    Ok((shape, out))
}

/// Splits a shape at an axis: elements before, along and after it.
pub(crate) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_walked_in_row_major_order() {
        let source: Vec<i32> = (0..6).collect();
        let mut out = Vec::new();
        collect(&source, 0, &[(3, 1), (2, 3)], &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        out.clear();
        collect(&source, 5, &[(2, -3), (3, -1)], &mut out);
        assert_eq!(out, [5, 4, 3, 2, 1, 0]);
    }

    #[test]
    fn shapes_broadcast() {
        assert_eq!(broadcast(&[2, 1, 3], &[4, 1]).unwrap()[..], [2, 4, 3]);
        assert!(broadcast(&[2], &[3]).is_err());
    }
}
