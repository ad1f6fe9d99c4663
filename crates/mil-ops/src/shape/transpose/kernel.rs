//! Axes in another order.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let list = cx.ints("perm")?;
    let order = list.iter().map(|&one| axis(one, x.rank())).collect::<Result<Vec<_>, _>>()?;
    ensure!(
        order.len() == x.rank() && axes(&list, x.rank())?.len() == x.rank(),
        "perm {list:?} is no permutation of {} axes",
        x.rank()
    );
    let own = strided::whole(x.shape());
    let view: strided::Axes = order.iter().map(|&axis| own[axis]).collect();
    one(strided::view(cx, x, 0, &view)?)
}
