//! The `k` largest or smallest elements along an axis, sorted, and their places.

use crate::eval::prelude::*;
use crate::eval::sort::sorted;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let size = x.shape()[axis];
    // -1: all of them.
    let k = if cx.int("k")? == -1 { size } else { cx.size("k")? };
    ensure!(k <= size, "the {k} largest of {size} elements");
    let order = sorted(cx, x, axis, cx.bool("ascending")?, k)?;
    let mut shape: Shape = x.shape().into();
    shape[axis] = k;
    let (_, _, inner) = strided::around(&shape, axis);
    let data = rearranged!(x.data(), values => {
        let mut out = cx.vec(&shape)?;
        out.extend(order.iter().enumerate().map(|(at, &place)| {
            let (outer, rest) = (at / inner / k, at % inner);
            values[(outer * size + place as usize) * inner + rest].clone()
        }));
        Ok::<_, EvalError>(out)
    })?;
    let mut results = vec![x.with_data(&shape, data)?.into()];
    if cx.target < mil_ir::Release::IOS16 || cx.bool("return_indices")? {
        results.push(cx.index_array(1, &shape, order)?.into());
    }
    Ok(results)
}
