//! New axes of one element, placed by their positions in the result.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let list = cx.ints("axes")?;
    ensure!(list.len() as u64 <= crate::dims::MAX_RANK, "{} axes are more than any tensor has", list.len());
    let rank = x.rank() + list.len();
    let new = axes(&list, rank)?;
    ensure!(new.len() == list.len(), "axes {list:?} name one twice");
    let mut old = x.shape().iter();
    let shape: Shape = (0..rank)
        .map(|axis| if new.contains(&axis) { 1 } else { old.next().copied().unwrap_or(1) })
        .collect();
    one(x.reshaped(&shape)?)
}
