//! More elements around the last axes: constant ones, mirrored ones, or the outermost ones again.

use crate::eval::prelude::*;
use crate::eval::slicing::remap;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let pads = cx.sizes("pad")?;
    let mode = cx.text("mode")?;
    ensure!(pads.len() % 2 == 0 && pads.len() / 2 <= x.rank(), "{} pads for rank {}", pads.len(), x.rank());
    let first = x.rank() - pads.len() / 2;
    let mut maps = Vec::new();
    for (axis, &size) in x.shape().iter().enumerate() {
        let (before, after) = match axis.checked_sub(first) {
            Some(at) => (pads[2 * at], pads[2 * at + 1]),
            None => (0, 0),
        };
        let total = before.checked_add(size).and_then(|sum| sum.checked_add(after));
        let total = total.ok_or_else(|| EvalError::invalid("pads that overflow"))?;
        cx.room::<f64>(&[total])?;
        if (before > 0 || after > 0) && mode != "constant" {
            ensure!(size > 0, "mode {mode} on an axis of no elements");
            ensure!(
                mode != "reflect" || before.max(after) < size,
                "a mirror of {before} and {after} on {size} elements"
            );
        }
        let place = |at: usize| {
            let offset = at as i64 - before as i64;
            let last = size as i64 - 1;
            match mode {
                _ if (0..=last).contains(&offset) => Some(offset as usize),
                "reflect" => Some(if offset < 0 { -offset } else { 2 * last - offset } as usize),
                "replicate" => Some(offset.clamp(0, last) as usize),
                _ => None,
            }
        };
        maps.push((0..total).map(place).collect::<Vec<_>>());
    }
    ensure!(matches!(mode, "constant" | "reflect" | "replicate"), "mode {mode}");
    let constant = if mode == "constant" { cx.float("constant_val")? } else { 0.0 };
    let constant = Array::filled(x.dtype(), &[1], constant, x.is_double())?;
    let shape: Shape = maps.iter().map(Vec::len).collect();
    let data = with_stored!(x.data(), T => {
        let fill = constant.wanted::<T>()?[0].clone();
        remap(cx, x.wanted::<T>()?, x.shape(), &maps, &fill).map(T::pack)
    })?;
    one(x.with_data(&shape, data)?)
}
