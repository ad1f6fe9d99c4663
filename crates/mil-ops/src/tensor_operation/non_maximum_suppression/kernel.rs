//! Boxes by falling score, without those that overlap a better one.
//!
//! Where no box passes the score threshold the best one is given. Results are padded with zeros, indices with
//! -1. From iOS17 on the boxes lie along the last axis, there is no score threshold, and the number of boxes
//! is not given.

use crate::eval::prelude::*;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (boxes, scores) = (cx.array("boxes")?, cx.array("scores")?);
    let last = cx.target >= mil_ir::Release::IOS17;
    let (&[n, b0, b1], &[m, s0, s1]) = (boxes.shape(), scores.shape()) else {
        return Err(EvalError::invalid("boxes and scores have rank 3"));
    };
    let ((count, coordinates), (scored, classes)) =
        if last { ((b1, b0), (s1, s0)) } else { ((b0, b1), (s0, s1)) };
    ensure!(
        n == m && count == scored && coordinates == 4,
        "boxes {:?} and scores {:?}",
        boxes.shape(),
        scores.shape()
    );
    ensure!(count > 0 && classes > 0, "no boxes or no classes");
    let limit = cx.size("max_boxes")?;
    let (overlap, per_class) = (cx.float("iou_threshold")?, cx.bool("per_class_suppression")?);
    let least = if last { f64::NEG_INFINITY } else { cx.float("score_threshold")? };
    cx.room::<f64>(&[n, limit, classes.max(4)])?;
    let (box_values, score_values) = (boxes.reals::<f64>()?, scores.reals::<f64>()?);
    let place = |batch: usize, item: usize, part: usize, parts: usize| {
        if last { (batch * parts + part) * count + item } else { (batch * count + item) * parts + part }
    };
    let mut chosen = Vec::with_capacity(n);
    for batch in 0..n {
        let candidates: Vec<Candidate> = (0..count)
            .map(|item| {
                let part = |part| box_values[place(batch, item, part, 4)];
                let (class, score) = (0..classes)
                    .map(|class| (class, score_values[place(batch, item, class, classes)]))
                    .fold((0, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best });
                let (x, y, w, h) = (part(0), part(1), part(2), part(3));
                Candidate { class, score, low: [x - w / 2.0, y - h / 2.0], high: [x + w / 2.0, y + h / 2.0] }
            })
            .collect();
        chosen.push(suppress(&candidates, limit, overlap, least, per_class));
    }
    let gathered = |like: &Array, parts: usize| -> Result<Array, EvalError> {
        let shape = if last { [n, parts, limit] } else { [n, limit, parts] };
        let mut maps = Vec::new();
        for (batch, chosen) in chosen.iter().enumerate() {
            let from =
                |item: usize, part: usize| chosen.get(item).map(|&from| place(batch, from, part, parts));
            if last {
                maps.extend(
                    (0..parts)
                        .flat_map(|part| (0..limit).map(move |item| (item, part)))
                        .map(|(item, part)| from(item, part)),
                );
            } else {
                maps.extend(
                    (0..limit)
                        .flat_map(|item| (0..parts).map(move |part| (item, part)))
                        .map(|(item, part)| from(item, part)),
                );
            }
        }
        let data = rearranged!(like.data(), values => {
            Ok::<_, EvalError>(maps.iter().map(|at| at.map_or_else(Default::default, |at| values[at].clone())).collect::<Vec<_>>())
        })?;
        like.with_data(&shape, data)
    };
    let indices = chosen
        .iter()
        .flat_map(|chosen| (0..limit).map(|at| chosen.get(at).map_or(-1, |&item| item as i32)))
        .collect();
    let mut results = vec![
        gathered(boxes, 4)?.into(),
        gathered(scores, classes)?.into(),
        cx.index_array(2, &[n, limit], indices)?.into(),
    ];
    if !last {
        let counts = chosen.iter().map(|chosen| chosen.len() as i32).collect();
        results.push(cx.index_array(3, &[n], counts)?.into());
    }
    Ok(results)
}

struct Candidate {
    class: usize,
    score: f64,
    low: [f64; 2],
    high: [f64; 2],
}

impl Candidate {
    /// Intersection over union.
    fn overlap(&self, other: &Candidate) -> f64 {
        let area = |low: [f64; 2], high: [f64; 2]| (high[0] - low[0]).max(0.0) * (high[1] - low[1]).max(0.0);
        let low = [self.low[0].max(other.low[0]), self.low[1].max(other.low[1])];
        let high = [self.high[0].min(other.high[0]), self.high[1].min(other.high[1])];
        let common = area(low, high);
        let union = area(self.low, self.high) + area(other.low, other.high) - common;
        if union > 0.0 { common / union } else { 0.0 }
    }
}

fn suppress(candidates: &[Candidate], limit: usize, overlap: f64, least: f64, per_class: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    // -0 is no less than 0.
    let key = |at: usize| candidates[at].score + 0.0;
    order.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
    let mut chosen: Vec<usize> = Vec::new();
    for &item in order.iter().filter(|&&item| candidates[item].score > least) {
        if chosen.len() == limit {
            break;
        }
        let hidden = chosen.iter().any(|&better| {
            (!per_class || candidates[better].class == candidates[item].class)
                && candidates[better].overlap(&candidates[item]) > overlap
        });
        if !hidden {
            chosen.push(item);
        }
    }
    if chosen.is_empty() {
        chosen.extend(order.first().copied().filter(|_| limit > 0));
    }
    chosen
}
