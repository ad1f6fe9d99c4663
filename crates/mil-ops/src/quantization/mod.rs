//! Affine quantisation of tensors at run time.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod dequantize;
pub mod quantize;

use crate::prelude::*;

/// Scale and zero point are scalars, or vectors along `axis`.
fn check_scale(call: &Call<'_>) -> Result<(), InferError> {
    let Some(input) = call.dims("input")? else { return Ok(()) };
    for param in ["scale", "zero_point"] {
        match call.dims_of(param) {
            None | Some([]) => {}
            Some([size]) if call.is_given("axis") => {
                let axis = call.axis("axis", input.len())?;
                if !dims::may_equal(size, &input[axis]) {
                    return Err(invalid!("{param} has {size} elements, axis {axis} size {}", input[axis]));
                }
            }
            Some([Dim::Fixed(1)]) => {}
            Some([_]) => return Err(invalid!("{param} is a vector, but there is no axis")),
            Some(other) => return Err(invalid!("{param} has shape {}", dims::show(other))),
        }
    }
    Ok(())
}
