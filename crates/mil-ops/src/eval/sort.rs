//! Sorted order.

use std::cmp::Ordering;

use mil_tensor::Shape;

use super::strided::{around, whole};
use super::{Array, Context, EvalError};

/// The places of the first `k` elements in sorted order along an axis. Equal elements keep their order; NaN
/// comes last.
pub(crate) fn sorted(
    cx: &Context<'_>,
    x: &Array,
    axis: usize,
    ascending: bool,
    k: usize,
) -> Result<Vec<i32>, EvalError> {
    let (outer, size, inner) = around(x.shape(), axis);
    let mut shape: Shape = x.shape().into();
    shape[axis] = k;
    let mut out = cx.zeros::<i32>(&shape)?;
    let values = x.reals::<f64>()?;
    let stride = whole(x.shape())[axis].1 as usize;
    let mut order: Vec<i32> = Vec::new();
    for row in 0..outer * inner {
        let (outer, rest) = (row / inner, row % inner);
        let at = |place: i32| values[outer * size * inner + place as usize * stride + rest];
        order.clear();
        order.extend(0..i32::try_from(size).unwrap_or(i32::MAX));
        order.sort_by(|&a, &b| {
            let (a, b) = (at(a), at(b));
            let by_value = a.partial_cmp(&b).map(|order| if ascending { order } else { order.reverse() });
            by_value.unwrap_or_else(|| match (a.is_nan(), b.is_nan()) {
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                _ => Ordering::Equal,
            })
        });
        for (place, &from) in order.iter().take(k).enumerate() {
            out[(outer * k + place) * inner + rest] = from;
        }
    }
    Ok(out)
}
