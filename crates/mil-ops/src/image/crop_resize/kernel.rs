//! Boxes of images, resized.
//!
//! `pad_value` stands outside the image where it is a parameter (from iOS16 on); before, places outside take
//! the nearest pixel.
//!
//! coremltools' tests state numbers for the normalised box `[2, 2, 1, 1]` of a 4 by 4 image, which the
//! documentation does not allow: it reaches from row and column 6 to 3, so that every place in it shows the
//! pixel in the corner, 16, or `pad_value`. The numbers stated, 3.5, 5.5, 11.5 and 13.5, are the image at 0.5
//! and 2.5: the whole image resized, or places mirrored at its edge. One box cannot tell which, and we do
//! neither. They also state 7.899 for row 1.5 and column 0.9 of that image, where `1 + 4 · 1.5 + 0.9` is 7.9.

use crate::eval::image::{Padding, Sampling, sample};
use crate::eval::prelude::*;
use crate::eval::slicing::image;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let x = cx.array("x")?;
    let [batch, channels, height, width] = image(x)?;
    let target = [cx.size("target_height")?, cx.size("target_width")?];
    let (normalized, scale) = (cx.bool("normalized_coordinates")?, cx.float("spatial_scale")?);
    let (sampling, mode) = (Sampling::new(cx)?, cx.text("box_coordinate_mode")?);
    // Boxes as rows of four, the image of each, and how the result is shaped.
    let listed = cx.target >= mil_ir::Release::IOS17;
    let boxes = cx.array(if listed { "boxes" } else { "roi" })?;
    let parts = boxes.shape().get(if listed { 1 } else { 2 }).copied().unwrap_or(0);
    ensure!(
        boxes.rank() == if listed { 2 } else { 5 }
            && boxes.len() == boxes.shape()[0] * parts
            && (parts == 4 || (parts == 5 && !listed)),
        "boxes of shape {:?}",
        boxes.shape()
    );
    let count = boxes.shape()[0];
    let values = boxes.reals::<f64>()?;
    let images: Vec<Vec<i64>> = if listed {
        match cx.optional_ints("box_indices")? {
            Some(list) => list.into_iter().map(|index| vec![index]).collect(),
            None => (0..count as i64).map(|index| vec![index]).collect(),
        }
    } else if parts == 5 {
        values.chunks(5).map(|row| vec![row[0] as i64]).collect()
    } else {
        vec![(0..batch as i64).collect(); count]
    };
    ensure!(images.len() == count, "{} box_indices for {count} boxes", images.len());
    let per_box = images.first().map_or(1, Vec::len);
    let shape: Shape = if listed {
        [count, channels, target[0], target[1]].into_iter().collect()
    } else {
        [count, per_box, channels, target[0], target[1]].into_iter().collect()
    };
    cx.room::<f64>(&shape)?;
    let padding = match cx.def.version(cx.target).and_then(|version| version.param("pad_value")) {
        Some(_) => Padding::Cut(cx.float("pad_value")?),
        None => Padding::Border,
    };
    let extent = [height as f64 - 1.0, width as f64 - 1.0];
    with_real!(x.is_double(), F => {
        let mut out = cx.vec::<F>(&shape)?;
        for (row, images) in values.chunks(parts).zip(&images) {
            let row = &row[parts - 4..];
            let corners = match mode {
                "CORNERS_HEIGHT_FIRST" => [row[0], row[1], row[2], row[3]],
                "CORNERS_WIDTH_FIRST" => [row[1], row[0], row[3], row[2]],
                "CENTER_SIZE_HEIGHT_FIRST" | "CENTER_SIZE_WIDTH_FIRST" => {
                    let (h, w) = if mode == "CENTER_SIZE_HEIGHT_FIRST" { (0, 1) } else { (1, 0) };
                    let half = |at: usize| row[2 + at] / 2.0;
                    [row[h] - half(h), row[w] - half(w), row[h] + half(h), row[w] + half(w)]
                }
                other => return Err(EvalError::Unsupported(format!("box_coordinate_mode {other}"))),
            };
            let pixel = |at: usize| corners[at] * scale * if normalized { extent[at % 2] } else { 1.0 };
            let place = |axis: usize, index: usize| {
                let (first, last) = (pixel(axis), pixel(axis + 2));
                let span = (last - first).abs();
                let along = sampling.place(index, span, target[axis]).max(0.0).min(span);
                if last < first { first - along } else { first + along }
            };
            for &index in images {
                let index = usize::try_from(index).ok().filter(|&index| index < batch);
                let index = index.ok_or_else(|| EvalError::invalid("a box of an image that is not there"))?;
                let size = channels * height * width;
                let picture = Array::new(x.dtype(), &[1, channels, height, width], F::pack(x.wanted::<F>()?[index * size..][..size].to_vec()))?;
                let places = [0, 1].map(|axis| (0..target[axis]).map(|index| place(axis, index)).collect::<Vec<f64>>());
                let cut = sample(cx, &picture, (target[0], target[1]), padding, true, |_, row, column| (places[0][row], places[1][column]))?;
                out.extend_from_slice(cut.wanted::<F>()?);
            }
        }
        one(x.with_data(&shape, F::pack(out))?)
    })
}
