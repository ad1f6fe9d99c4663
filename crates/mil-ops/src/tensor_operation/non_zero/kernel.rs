//! Indices of the elements that are not zero, one row each.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let own = strided::strides(x.shape());
    let values = x.bools()?;
    let count = values.iter().filter(|&&value| value).count();
    let shape = [count, x.rank()];
    let mut out = cx.vec::<i32>(&shape)?;
    for (at, _) in values.iter().enumerate().filter(|(_, value)| **value) {
        out.extend(own.iter().zip(x.shape()).map(|(&stride, &size)| (at / stride % size) as i32));
    }
    one(cx.index_array(0, &shape, out)?)
}
