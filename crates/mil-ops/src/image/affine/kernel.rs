//! Images under an affine transform of coordinates.

use crate::eval::image::{Coordinates, Padding, sample};
use crate::eval::prelude::*;
use crate::eval::slicing::image;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, matrices) = (cx.array("x")?, cx.array("transform_matrix")?);
    let [batch, _, height, width] = image(x)?;
    let &[count, 6] = matrices.shape() else {
        return Err(EvalError::invalid(format!("transform_matrix of shape {:?}", matrices.shape())));
    };
    ensure!(count == batch || count == 1, "{count} matrices for {batch} images");
    let bilinear = match cx.text("sampling_mode")? {
        "bilinear" => true,
        "nearest" => false,
        other => return Err(EvalError::Unsupported(format!("sampling_mode {other}"))),
    };
    let (rows, columns) = (cx.size("output_height")?, cx.size("output_width")?);
    let (padding, reading) = (Padding::new(cx)?, Coordinates::new(cx)?);
    let values = matrices.reals::<f64>()?;
    one(sample(cx, x, (rows, columns), padding, bilinear, |batch, row, column| {
        let matrix = &values[if count == 1 { 0 } else { batch * 6 }..][..6];
        let (x, y) = (reading.coordinate(column, columns), reading.coordinate(row, rows));
        let across = matrix[0] * x + matrix[1] * y + matrix[2];
        let down = matrix[3] * x + matrix[4] * y + matrix[5];
        (reading.place(down, height), reading.place(across, width))
    })?)
}
