//! Running sums along an axis.

use crate::eval::prelude::*;
use crate::eval::reduce::{along, integers};

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let (exclusive, reverse) = (cx.bool("exclusive")?, cx.bool("reverse")?);
    if !x.dtype().is_float() {
        let run =
            |row: &mut [i64]| running(row, exclusive, reverse, |sum: i64, x| sum.wrapping_add(x), |sum| sum);
        let out = along(cx, &x.longs()?, x.shape(), axis, run)?;
        return one(integers(x, x.shape(), out)?);
    }
    with_real!(x.is_double(), F => {
        let run = |row: &mut [F]| running(row, exclusive, reverse, |sum: f64, x: F| sum + x.wide(), F::of);
        let out = along(cx, &x.reals::<F>()?, x.shape(), axis, run)?;
        one(x.with_data(x.shape(), F::pack(out))?)
    })
}

fn running<T: Copy, S: Copy + Default>(
    row: &mut [T],
    exclusive: bool,
    reverse: bool,
    add: impl Fn(S, T) -> S,
    round: impl Fn(S) -> T,
) {
    let mut sum = S::default();
    let mut step = |x: &mut T| {
        let next = add(sum, *x);
        *x = round(if exclusive { sum } else { next });
        sum = next;
    };
    if reverse { row.iter_mut().rev().for_each(&mut step) } else { row.iter_mut().for_each(&mut step) }
}
