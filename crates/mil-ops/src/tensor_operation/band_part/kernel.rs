//! A band around the diagonal of the innermost matrices; zeros elsewhere.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    ensure!(x.rank() >= 2, "x has rank {}", x.rank());
    let (lower, upper) = (cx.int("lower")?, cx.int("upper")?);
    let (rows, columns) = (x.shape()[x.rank() - 2], x.shape()[x.rank() - 1]);
    let inside = |at: usize| {
        let (row, column) = ((at / columns % rows) as i64, (at % columns) as i64);
        (lower < 0 || row - column <= lower) && (upper < 0 || column - row <= upper)
    };
    let data = rearranged!(x.data(), values => {
        let mut out = cx.vec(x.shape())?;
        out.extend(values.iter().enumerate().map(|(at, value)| if inside(at) { value.clone() } else { Default::default() }));
        Ok::<_, EvalError>(out)
    })?;
    one(x.with_data(x.shape(), data)?)
}
