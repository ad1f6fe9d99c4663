//! `non_maximum_suppression`: from iOS17 on boxes lie along the last axis, there is no threshold for scores,
//! and the number of boxes that were picked is not given.

use mil_ir::{NewOp, ValueId};
use mil_tensor::{DType, Tensor};

use super::Site;

/// Boxes whose best score does not pass the threshold come last among those that the new form picks, as it
/// picks by falling score and a box is hidden by better ones only. So they are replaced afterwards by what
/// the old form puts behind its last box; the best box of all stays, as it does there.
pub(super) fn raise(site: &mut Site<'_>) -> Result<(), String> {
    let call = site.call()?;
    let threshold = call.constant("score_threshold").and_then(|threshold| threshold.item_f64());
    let threshold = threshold.ok_or("score_threshold is not a constant")?;
    let limit = call.int("max_boxes").map_err(|error| error.to_string())?;
    let limit = usize::try_from(limit).ok().filter(|&limit| limit > 0).ok_or("max_boxes is not positive")?;
    let dtype = call.dtype("scores").map_err(|error| error.to_string())?;
    let mut new = site.like(&["boxes", "scores", "score_threshold"]);
    for param in ["boxes", "scores"] {
        let transposed = transposed_operand(site, param)?;
        new = new.with(param, transposed);
    }
    let values = site.emit(new)?;
    let [boxes, scores, indices] = values[..] else { return Err("the op has other results".into()) };
    let boxes = transposed(site, "boxes", boxes)?;
    let scores = transposed(site, "scores", scores)?;
    let scalar = |value: f64| Tensor::from_f64s(dtype, &[], &[value]).map_err(|error| error.to_string());
    let best = NewOp::new("reduce_max")
        .with("x", scores)
        .with("axes", Tensor::ints(&[-1]))
        .with("keep_dims", Tensor::bool(false));
    let best = site.one("best", best)?;
    let passes = NewOp::new("greater").with("x", best).with("y", scalar(threshold)?);
    let passes = site.one("passes", passes)?;
    // The first one stays; behind the last box there is nothing to keep.
    let first: Vec<bool> = (0..limit).map(|at| at == 0).collect();
    let first = Tensor::from_bools(&[1, limit], &first).map_err(|error| error.to_string())?;
    let kept = site.one("first", NewOp::new("logical_or").with("x", passes).with("y", first))?;
    let there = NewOp::new("greater").with("x", indices).with("y", Tensor::scalar(-1_i32));
    let there = site.one("there", there)?;
    let kept = site.one("kept", NewOp::new("logical_and").with("x", kept).with("y", there))?;
    let wide = NewOp::new("expand_dims").with("x", kept).with("axes", Tensor::ints(&[-1]));
    let wide = site.one("kept_wide", wide)?;
    let choose = |a: ValueId, cond: ValueId, b: Tensor| {
        NewOp::new("select").with("cond", cond).with("a", a).with("b", b)
    };
    let zero = site.call()?.dtype("boxes").map_err(|error| error.to_string())?;
    let zero = Tensor::from_f64s(zero, &[], &[0.0]).map_err(|error| error.to_string())?;
    let boxes = site.one("boxes_kept", choose(boxes, wide, zero))?;
    let scores = site.one("scores_kept", choose(scores, wide, scalar(0.0)?))?;
    let indices = site.one("indices_kept", choose(indices, kept, Tensor::scalar(-1_i32)))?;
    let ones = NewOp::new("cast").with("x", kept).with("dtype", Tensor::string("int32"));
    let ones = site.one("count_ones", ones)?;
    let count = NewOp::new("reduce_sum")
        .with("x", ones)
        .with("axes", Tensor::ints(&[-1]))
        .with("keep_dims", Tensor::bool(false));
    let count = site.one("count", count)?;
    site.finish(&[boxes, scores, indices, count])
}

/// The lowest finite score lets every box pass.
pub(super) fn lower(site: &mut Site<'_>) -> Result<(), String> {
    let dtype = site.call()?.dtype("scores").map_err(|error| error.to_string())?;
    let lowest = match dtype {
        DType::Fp16 => -65504.0,
        _ => f64::from(f32::MIN),
    };
    let threshold = Tensor::from_f64s(dtype, &[], &[lowest]).map_err(|error| error.to_string())?;
    let mut new = site.like(&["boxes", "scores"]).with("score_threshold", threshold);
    for param in ["boxes", "scores"] {
        let transposed = transposed_operand(site, param)?;
        new = new.with(param, transposed);
    }
    let values = site.emit(new)?;
    let [boxes, scores, indices, _] = values[..] else { return Err("the op has other results".into()) };
    let boxes = transposed(site, "boxes", boxes)?;
    let scores = transposed(site, "scores", scores)?;
    site.finish(&[boxes, scores, indices])
}

/// A parameter with its last two axes exchanged.
fn transposed_operand(site: &mut Site<'_>, param: &str) -> Result<ValueId, String> {
    let operand = site.call()?.operand(param).cloned().ok_or_else(|| format!("{param} is missing"))?;
    let new = NewOp::new("transpose").with("x", operand).with("perm", Tensor::ints(&[0, 2, 1]));
    site.one(&format!("{param}_in"), new)
}

fn transposed(site: &mut Site<'_>, what: &str, value: ValueId) -> Result<ValueId, String> {
    let new = NewOp::new("transpose").with("x", value).with("perm", Tensor::ints(&[0, 2, 1]));
    site.one(&format!("{what}_out"), new)
}
