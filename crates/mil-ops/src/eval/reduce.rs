//! Sums, extremes and norms along axes.

use std::borrow::Cow;

use super::strided::{collect, whole};
use super::{Array, Context, EvalError, Outcome, Real, Stored, axes, one, par, with_real};
use mil_tensor::Shape;

/// The sum of numbers, held in `f64`. Four partial sums, always the same ones.
pub(crate) fn sum<F: Real>(values: &[F], f: impl Fn(F) -> f64) -> f64 {
    let mut partial = [0.0; 4];
    let mut pieces = values.chunks_exact(4);
    for piece in &mut pieces {
        for (partial, &value) in partial.iter_mut().zip(piece) {
            *partial += f(value);
        }
    }
    let rest: f64 = pieces.remainder().iter().map(|&value| f(value)).sum();
    (partial[0] + partial[2]) + (partial[1] + partial[3]) + rest
}

/// Mean and variance of numbers.
pub(crate) fn moments<F: Real>(values: &[F]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = sum(values, Real::wide) / count;
    let variance = sum(values, |x| {
        let offset = x.wide() - mean;
        offset * offset
    });
    (mean, variance / count)
}

/// An array whose reduced axes come last: rows to be reduced.
pub(crate) struct Rows<'a, T: Clone> {
    /// Rows, one after the other.
    pub(crate) values: Cow<'a, [T]>,
    /// Elements of a row.
    pub(crate) length: usize,
    /// Number of rows.
    pub(crate) count: usize,
}

/// Moves the reduced axes, which are in increasing order, behind the others.
pub(crate) fn rows<'a, T: Stored>(
    cx: &Context<'_>,
    values: &'a [T],
    shape: &[usize],
    reduced: &[usize],
) -> Result<Rows<'a, T>, EvalError> {
    let kept: Shape = (0..shape.len()).filter(|axis| !reduced.contains(axis)).collect();
    let length = reduced.iter().map(|&axis| shape[axis]).product();
    let count = kept.iter().map(|&axis| shape[axis]).product();
    let in_place = reduced.iter().enumerate().all(|(at, &axis)| axis == kept.len() + at);
    if in_place {
        return Ok(Rows { values: Cow::Borrowed(values), length, count });
    }
    let own = whole(shape);
    let order: super::strided::Axes = kept.iter().chain(reduced).map(|&axis| own[axis]).collect();
    let mut moved = cx.vec(shape)?;
    collect(values, 0, &order, &mut moved);
    Ok(Rows { values: Cow::Owned(moved), length, count })
}

impl<T: Clone> Rows<'_, T> {
    /// Each row, also those of no elements.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[T]> {
        (0..self.count).map(|row| &self.values[row * self.length..(row + 1) * self.length])
    }
}

/// The shape without the reduced axes, or with ones in their place.
pub(crate) fn reduced_shape(shape: &[usize], reduced: &[usize], keep: bool) -> Shape {
    (0..shape.len())
        .filter(|axis| keep || !reduced.contains(axis))
        .map(|axis| if reduced.contains(&axis) { 1 } else { shape[axis] })
        .collect()
}

/// Reduces `x` along `axes` (all, if absent): rows of floats by one function, of integers by another.
pub(crate) fn reduce(
    cx: &Context<'_>,
    single: fn(&[f32]) -> f32,
    double: fn(&[f64]) -> f64,
    int: fn(&[i64]) -> i64,
) -> Outcome {
    let x = cx.array("x")?;
    let reduced = match cx.optional_ints("axes")? {
        Some(list) => axes(&list, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    let shape = reduced_shape(x.shape(), &reduced, cx.bool("keep_dims")?);
    macro_rules! run {
        ($values:expr, $f:expr) => {{
            let values = $values;
            let rows = rows(cx, &values, x.shape(), &reduced)?;
            cx.room::<f64>(&shape)?;
            let mut out = cx.vec(&shape)?;
            out.extend(rows.iter().map($f));
            out
        }};
    }
    let data = if !x.dtype().is_float() {
        let out: Vec<i64> = run!(x.longs()?, int);
        return one(integers(x, &shape, out)?);
    } else if x.is_double() {
        f64::pack(run!(x.reals::<f64>()?, double))
    } else {
        f32::pack(run!(x.reals::<f32>()?, single))
    };
    one(x.with_data(&shape, data)?)
}

/// Integers in the element type of `like`; they wrap.
pub(crate) fn integers(like: &Array, shape: &[usize], values: Vec<i64>) -> Result<Array, EvalError> {
    let data = match like.data() {
        super::Data::Long(_) => i64::pack(values),
        _ => i32::pack(values.into_iter().map(|x| x as i32).collect()),
    };
    like.with_data(shape, data)
}

/// The same function for `f32` and `f64` rows, and one for rows of integers.
macro_rules! reduce_rows {
    ($cx:expr, $F:ident, $row:ident => $float:expr, $ints:ident => $int:expr) => {
        $crate::eval::reduce::reduce(
            $cx,
            {
                type $F = f32;
                |$row: &[$F]| -> $F { $float }
            },
            {
                type $F = f64;
                |$row: &[$F]| -> $F { $float }
            },
            |$ints: &[i64]| -> i64 { $int },
        )
    };
}
pub(crate) use reduce_rows;

/// The place of the first element that is better than all before it; a NaN is the best of all, as in NumPy.
pub(crate) fn extreme_index(cx: &Context<'_>, better: fn(f64, f64) -> bool) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let shape = reduced_shape(x.shape(), &[axis], cx.bool("keep_dims")?);
    let values = x.reals::<f64>()?;
    let rows = rows(cx, &values, x.shape(), &[axis])?;
    super::ensure!(rows.length > 0 || rows.count == 0, "an axis of no elements has no extreme");
    let mut out = cx.vec::<i32>(&shape)?;
    out.extend(rows.iter().map(|row| {
        let mut best = 0;
        for (index, &value) in row.iter().enumerate() {
            if row[best].is_nan() {
                break;
            }
            if value.is_nan() || better(value, row[best]) {
                best = index;
            }
        }
        best as i32
    }));
    one(cx.index_array(0, &shape, out)?)
}

/// Applies a function to each row along an axis, in place.
pub(crate) fn along<T: Stored + Copy>(
    cx: &Context<'_>,
    values: &[T],
    shape: &[usize],
    axis: usize,
    f: impl Fn(&mut [T]) + Send + Sync,
) -> Result<Vec<T>, EvalError> {
    let mut rows = rows(cx, values, shape, &[axis])?;
    let length = rows.length;
    if rows.values.is_empty() {
        return Ok(Vec::new());
    }
    let block = length * 4096_usize.div_ceil(length);
    par::chunks(rows.values.to_mut(), block, |_, piece| piece.chunks_mut(length).for_each(&f));
    let moved = rows.values.into_owned();
    if axis + 1 == shape.len() {
        return Ok(moved);
    }
    // Back: the axis stands last in `moved`.
    let mut order: Shape = (0..shape.len()).filter(|&other| other != axis).collect();
    order.push(axis);
    let last: Shape = order.iter().map(|&axis| shape[axis]).collect();
    let own = whole(&last);
    let mut back: super::strided::Axes = own.iter().copied().collect();
    for (at, &axis) in order.iter().enumerate() {
        back[axis] = own[at];
    }
    let mut out = cx.vec(shape)?;
    collect(&moved, 0, &back, &mut out);
    Ok(out)
}

/// Exponentials that sum up to 1, in place.
pub(crate) fn softmax_row<F: Real>(row: &mut [F]) {
    let largest = row.iter().fold(-F::INFINITY, |a, &b| a.larger(b));
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let total = F::of(sum(row, Real::wide));
    row.iter_mut().for_each(|x| *x /= total);
}

/// Softmax of an array along an axis.
pub(crate) fn softmax(cx: &Context<'_>, x: &Array, axis: usize) -> Outcome {
    with_real!(x.is_double(), F => {
        let out = along(cx, &x.reals::<F>()?, x.shape(), axis, softmax_row::<F>)?;
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}
