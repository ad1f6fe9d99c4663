//! Convolutions.

// Generated from the folders: BLESS=1 cargo test -p mil-ops
pub mod conv;
pub mod conv_quantized;
pub mod conv_transpose;

use crate::pool::Window;
use crate::prelude::*;

/// Batch, output channels, and as many places as the kernel has along the other axes.
fn infer(call: &Call<'_>) -> Result<Vec<Type>, InferError> {
    let x = call.tensor("x")?;
    let Some(frame) = Frame::of(call)? else { return Ok(vec![dims::tensor(x.dtype, None)]) };
    let groups = call.int("groups")?;
    let channels = dims::div(&frame.dims[1], groups)?;
    if !dims::may_equal(&channels, &frame.weight[1]) {
        return Err(invalid!(
            "{} channels in {groups} groups, but a weight for {}",
            frame.dims[1],
            frame.weight[1]
        ));
    }
    if let Some(bias) = call.dims_of("bias")
        && !matches!(bias, [size] if dims::may_equal(size, &frame.weight[0]))
    {
        return Err(invalid!("bias has shape {}, not [{}]", dims::show(bias), frame.weight[0]));
    }
    let mut result = vec![frame.dims[0].clone(), frame.weight[0].clone()];
    let pad_type = call.string("pad_type")?;
    for (axis, dim) in frame.dims[2..].iter().enumerate() {
        let pad = if pad_type.eq_ignore_ascii_case("custom") { frame.pad(call, axis)? } else { 0 };
        let Some(kernel) = frame.kernel(axis) else {
            result.push(Dim::UNKNOWN);
            continue;
        };
        let window = Window { kernel, stride: frame.strides[axis], pad, ceil: false };
        result.push(window.count(pad_type, dim)?);
    }
    Ok(vec![dims::tensor(x.dtype, Some(result))])
}

/// The parameters that all convolutions share, made sure to be those of one rank.
struct Frame {
    dims: Vec<Dim>,
    weight: Vec<Dim>,
    strides: Vec<i64>,
    dilations: Vec<i64>,
}

impl Frame {
    /// `None` where the rank of `x` is not known.
    fn of(call: &Call<'_>) -> Result<Option<Frame>, InferError> {
        let Some(dims) = call.dims("x")? else { return Ok(None) };
        let weight = call.dims("weight")?.map_or_else(|| vec![Dim::UNKNOWN; dims.len()], <[Dim]>::to_vec);
        let (strides, dilations) = (call.ints("strides")?, call.ints("dilations")?);
        let rank = dims.len();
        if rank < 3 || weight.len() != rank || strides.len() != rank - 2 || dilations.len() != rank - 2 {
            return Err(invalid!("x, weight, strides and dilations are not those of one rank"));
        }
        Ok(Some(Frame { dims: dims.to_vec(), weight, strides, dilations }))
    }

    /// Length of the kernel along a spatial axis, gaps included; `None` where it is not known.
    fn kernel(&self, axis: usize) -> Option<i64> {
        let size = dims::fixed(&self.weight[axis + 2])?;
        size.checked_sub(1)?.checked_mul(self.dilations[axis])?.checked_add(1)
    }

    /// Padding on both sides of a spatial axis.
    fn pad(&self, call: &Call<'_>, axis: usize) -> Result<i64, InferError> {
        let pad = call.ints("pad")?;
        if pad.len() != 2 * self.strides.len() {
            return Err(invalid!("pad has {} numbers for {} axes", pad.len(), self.strides.len()));
        }
        Ok(pad[2 * axis].saturating_add(pad[2 * axis + 1]))
    }
}
