//! Images at coordinates that an array gives.

use crate::eval::image::{Coordinates, Padding, sample};
use crate::eval::prelude::*;
use crate::eval::slicing::image;

pub(super) fn kernel(cx: &Context<'_>) -> Outcome {
    let (x, coordinates) = (cx.array("x")?, cx.array("coordinates")?);
    let [batch, _, height, width] = image(x)?;
    let &[b, rows, columns, 2] = coordinates.shape() else {
        return Err(EvalError::invalid(format!("coordinates of shape {:?}", coordinates.shape())));
    };
    ensure!(b == batch, "coordinates for {b} images of {batch}");
    let bilinear = match cx.text("sampling_mode")? {
        "bilinear" => true,
        "nearest" => false,
        other => return Err(EvalError::Unsupported(format!("sampling_mode {other}"))),
    };
    let (padding, reading) = (Padding::new(cx)?, Coordinates::new(cx)?);
    let values = coordinates.reals::<f64>()?;
    one(sample(cx, x, (rows, columns), padding, bilinear, |batch, row, column| {
        let at = ((batch * rows + row) * columns + column) * 2;
        (reading.place(values[at + 1], height), reading.place(values[at], width))
    })?)
}
