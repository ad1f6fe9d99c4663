//! Convolutions and pools: sizes through kernels, strides and padding.

use mil_proto::payload::convolution_layer_params::ConvolutionPaddingType;
use mil_proto::payload::pooling_layer_params::PoolingPaddingType;
use mil_proto::payload::{BorderAmounts, ConvolutionLayerParams, PoolingLayerParams};

use super::range::{Empty, Range, Sized};
use super::view::{B, C, H, S, View, W};

/// Amounts at start and end of height and width, cut to 32 bits.
pub(super) fn amounts(border: Option<&BorderAmounts>) -> [(i64, i64); 2] {
    let cut = |size: u64| i64::from(size as i32);
    match border.map_or(&[][..], |border| &border.border_amounts) {
        [height, width] => [height, width].map(|edge| (cut(edge.start_edge_size), cut(edge.end_edge_size))),
        _ => [(0, 0); 2],
    }
}

/// Two numbers for height and width, cut to 32 bits, or a default.
fn pair(values: &[u64], default: i64) -> [i64; 2] {
    match values {
        [height, width] => [*height, *width].map(|value| i64::from(value as i32)),
        _ => [default; 2],
    }
}

pub(super) fn convolution(view: &mut View<'_>, params: &ConvolutionLayerParams) -> Sized {
    view.same(&[S, B])?;
    let cut = |size: u64| i64::from(size as i32);
    let groups = if params.is_deconvolution { 1 } else { cut(params.n_groups.max(1)) };
    let channels = cut(params.kernel_channels).wrapping_mul(groups);
    view.narrow_input(C, Range::exactly(channels as u64))?;
    view.narrow_output(C, Range::exactly(params.output_channels))?;
    if let ([height, width], true) = (&params.output_shape[..], params.is_deconvolution) {
        view.narrow_output(H, Range::exactly(*height))?;
        return view.narrow_output(W, Range::exactly(*width));
    }
    let (kernel, stride) = (pair(&params.kernel_size, 3), pair(&params.stride, 1));
    let dilation = pair(&params.dilation_factor, 1);
    for (at, axis) in [H, W].into_iter().enumerate() {
        let stride = stride[at];
        let kernel = (kernel[at] - 1) * dilation[at] + 1;
        match params.convolution_padding_type.as_ref().ok_or(Empty)? {
            ConvolutionPaddingType::Valid(valid) => {
                let (start, end) = amounts(valid.padding_amounts.as_ref())[at];
                let inner = kernel - start - end;
                if params.is_deconvolution {
                    let stride_size = u64::try_from(stride).ok().filter(|&stride| stride > 0).ok_or(Empty)?;
                    let output = view.output(axis);
                    let least = (i64::from(output.min as i32) - inner) / stride + 1;
                    let most = output.max.map(|max| max.saturating_add_signed(-inner) / stride_size + 1);
                    if least > 0 {
                        view.narrow_input(axis, Range::at_least(least as u64))?;
                    }
                    view.narrow_input(axis, Range { min: 0, max: most })?;
                    let grown =
                        view.input(axis).add(-1)?.times(stride_size)?.add(kernel)?.add(-start)?.add(-end)?;
                    view.narrow_output(axis, grown)?;
                } else {
                    if inner > 0 {
                        let (inner, stride) = (inner as u64, stride as u64);
                        let before =
                            |size: u64| size.saturating_sub(1).wrapping_mul(stride).wrapping_add(inner);
                        let output = view.output(axis);
                        view.narrow_input(axis, Range::at_least(before(output.min)))?;
                        // What the division cuts off.
                        let spare = view.input(axis).max.is_some_and(|max| max != 0 || inner % 2 != 0);
                        let most = output.max.map(|max| before(max).wrapping_add(u64::from(spare)));
                        view.narrow_input(axis, Range { min: 0, max: most })?;
                    }
                    let shrunk = view.input(axis).add(-inner)?.over(stride)?.add(1)?;
                    view.narrow_output(axis, shrunk)?;
                }
            }
            ConvolutionPaddingType::Same(_) => {
                let factor = stride as u64;
                if params.is_deconvolution {
                    let grown = view.input(axis).times(factor)?;
                    view.narrow_output(axis, grown)?;
                } else {
                    let shrunk = view.input(axis).add(-1)?.over(stride)?.add(1)?;
                    view.narrow_output(axis, shrunk)?;
                    let output = view.output(axis);
                    view.narrow_input(axis, Range::at_least(output.min))?;
                    view.narrow_input(
                        axis,
                        Range { min: 0, max: output.max.map(|max| max.wrapping_mul(factor)) },
                    )?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn pooling(view: &mut View<'_>, params: &PoolingLayerParams) -> Sized {
    view.same(&[S, B, C])?;
    if params.global_pooling {
        view.narrow_output(H, Range::exactly(1))?;
        return view.narrow_output(W, Range::exactly(1));
    }
    let (kernel, stride) = (pair(&params.kernel_size, 3), pair(&params.stride, 1));
    for (at, axis) in [H, W].into_iter().enumerate() {
        let (kernel, stride) = (kernel[at], stride[at]);
        let pooled = match params.pooling_padding_type.as_ref().ok_or(Empty)? {
            PoolingPaddingType::Valid(valid) => {
                let (start, end) = amounts(valid.padding_amounts.as_ref())[at];
                let inner = kernel - start - end;
                if inner > 0 {
                    let before = view.output(axis).min.saturating_sub(1).wrapping_mul(stride as u64);
                    view.narrow_input(axis, Range::at_least(before.wrapping_add(inner as u64)))?;
                }
                view.input(axis).add(-inner)?.over(stride)?.add(1)?
            }
            PoolingPaddingType::Same(_) => view.input(axis).add(-1)?.over(stride)?.add(1)?,
            PoolingPaddingType::IncludeLastPixel(complete) => {
                let paddings = pair(&complete.padding_amounts, 0);
                let inner = kernel - 2 * paddings[at];
                let least = i64::from(view.input(axis).min as i32);
                let padded = paddings.iter().any(|&padding| padding != 0);
                // The last window starts in the padding.
                let beyond = padded && least - 2 - inner + 2 * stride >= least + paddings[at];
                let pooled =
                    view.input(axis).add(-inner)?.over_up(stride)?.add(1)?.add(-i64::from(beyond))?;
                view.narrow_output(axis, pooled)?;
                if inner > 0 {
                    // Of the height for both axes, as the validator has it.
                    let least = view.output(axis).min.wrapping_sub(1).wrapping_add(inner as u64);
                    view.narrow_input(H, Range::at_least(least))?;
                }
                continue;
            }
        };
        view.narrow_output(axis, pooled)?;
    }
    Ok(())
}
