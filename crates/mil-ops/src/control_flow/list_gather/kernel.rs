//! Some elements, stacked.

use crate::eval::prelude::*;
use crate::eval::slicing::join;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let list = cx.list("ls")?;
    let indices = cx.ints("indices")?;
    let elements = indices.iter().map(|&index| list.read(cx, index, 1)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = elements.first() else {
        return Err(EvalError::invalid("no elements to gather"));
    };
    let mut shape: Shape = first.shape().into();
    shape.insert(0, elements.len());
    ensure!(elements.iter().all(|element| element.shape() == first.shape()), "elements of different shapes");
    one(join(cx, &elements.iter().collect::<Vec<_>>(), 0, &shape)?)
}
