//! Pieces along an axis.

use crate::eval::prelude::*;
use crate::eval::slicing::divided;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let axis = cx.axis("axis", x.rank())?;
    let whole = x.shape()[axis];
    let sizes = if cx.value("split_sizes").is_some() {
        cx.sizes("split_sizes")?
    } else {
        let count = cx.size("num_splits")?;
        cx.room::<f64>(&[count, 8])?;
        vec![divided(whole, count)?; count]
    };
    let total = sizes.iter().try_fold(0_usize, |sum, &size| sum.checked_add(size));
    ensure!(total == Some(whole), "pieces {sizes:?} of an axis of {whole}");
    let own = strided::whole(x.shape());
    let mut start = 0;
    sizes
        .into_iter()
        .map(|size| {
            let mut view = own.clone();
            view[axis].0 = size;
            let piece = strided::view(cx, x, start, &view)?;
            start += size as isize * own[axis].1;
            Ok(piece.into())
        })
        .collect()
}
