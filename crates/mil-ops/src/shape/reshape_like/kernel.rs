//! The shape that parts of the shapes of reference tensors make up.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (references, begins) = (cx.arrays("ref_tensors")?, cx.arrays("begins")?);
    let (ends, masks) = (cx.arrays("ends")?, cx.arrays("end_masks")?);
    ensure!(
        references.len() == begins.len() && begins.len() == ends.len() && ends.len() == masks.len(),
        "{} tensors, {} begins, {} ends, {} masks",
        references.len(),
        begins.len(),
        ends.len(),
        masks.len()
    );
    let mut shape = Shape::new();
    for (at, reference) in references.iter().enumerate() {
        let rank = reference.rank() as i64;
        let place = |array: &Array| -> Result<usize, EvalError> {
            let index = array.longs()?.first().copied().unwrap_or(0);
            let index = if index < 0 { index + rank } else { index };
            Ok(index.clamp(0, rank) as usize)
        };
        let begin = place(begins[at])?;
        let whole = masks[at].bools()?.first().copied().unwrap_or(false);
        let end = if whole { reference.rank() } else { place(ends[at])? };
        shape.extend(reference.shape()[begin..end.max(begin)].iter().copied());
    }
    one(cx.array("x")?.reshaped(&shape)?)
}
