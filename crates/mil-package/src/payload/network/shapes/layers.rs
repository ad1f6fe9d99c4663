//! What each kind of layer says of the sizes of its values.

use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::reduce_layer_params::ReduceAxis;
use mil_proto::payload::reorganize_data_layer_params::ReorganizationType;
use mil_proto::payload::slice_layer_params::SliceAxis;
use mil_proto::payload::{CropResizeLayerParams, SliceLayerParams};

use super::joins::{broadcast, concat, dot, split};
use super::range::{Empty, Range, Sized};
use super::step::Step;
use super::view::{B, C, H, S, Shape, View, W, axis_of, narrow_axis, set_chw};
use super::windows::{amounts, convolution, pooling};

/// Narrows the shapes of a layer's values.
pub(super) fn narrow(shapes: &mut [Shape], step: &Step) -> Sized {
    let first = |values: &[usize]| values.first().copied().unwrap_or(usize::MAX);
    let mut view = View { shapes, input: first(&step.inputs), output: first(&step.outputs) };
    match &step.layer {
        Layer::Convolution(params) => convolution(&mut view, params),
        Layer::Pooling(params) => pooling(&mut view, params),
        Layer::Activation(_)
        | Layer::Batchnorm(_)
        | Layer::Mvn(_)
        | Layer::L2normalize(_)
        | Layer::Softmax(_)
        | Layer::Lrn(_)
        | Layer::Unary(_)
        | Layer::Scale(_)
        | Layer::Bias(_)
        | Layer::Max(_)
        | Layer::Min(_) => view.same(&[S, B, C, H, W]),
        Layer::InnerProduct(params) => {
            view.same(&[S, B])?;
            view.input_chw([params.input_channels, 1, 1])?;
            view.output_chw([params.output_channels, 1, 1])
        }
        Layer::Embedding(params) => {
            view.same(&[S, B])?;
            view.input_chw([1, 1, 1])?;
            view.output_chw([params.output_channels, 1, 1])
        }
        Layer::Crop(params) => match step.inputs[..] {
            [_, size] => {
                view.same(&[S, B, C])?;
                for axis in [H, W] {
                    let range = axis_of(view.shapes, size, axis);
                    view.narrow_output(axis, range)?;
                }
                Ok(())
            }
            _ => {
                view.same(&[S, B, C])?;
                for (axis, (start, end)) in [H, W].into_iter().zip(amounts(params.crop_amounts.as_ref())) {
                    let inside = view.input(axis).add(-start)?.add(-end)?;
                    view.narrow_output(axis, inside)?;
                    view.narrow_input(axis, Range::at_least((start + end + 1) as u64))?;
                }
                Ok(())
            }
        },
        Layer::Padding(params) => {
            view.same(&[S, B, C])?;
            for (axis, (start, end)) in [H, W].into_iter().zip(amounts(params.padding_amounts.as_ref())) {
                let padded = view.input(axis).add(start)?.add(end)?;
                view.narrow_output(axis, padded)?;
                let inside = view.output(axis).add(-start)?.add(-end)?;
                view.narrow_input(axis, inside)?;
            }
            Ok(())
        }
        Layer::Upsample(params) => {
            view.same(&[S, B, C])?;
            let factors = match params.scaling_factor[..] {
                [height, width] => [height.max(1), width.max(1)],
                _ => [1, 1],
            };
            for (axis, factor) in [H, W].into_iter().zip(factors) {
                let larger = view.input(axis).times(factor)?;
                view.narrow_output(axis, larger)?;
                let smaller = view.output(axis).map(|size| size / factor)?;
                view.narrow_input(axis, smaller)?;
            }
            Ok(())
        }
        Layer::Add(_) | Layer::Multiply(_) | Layer::Average(_) => broadcast(shapes, step),
        Layer::Dot(_) => dot(shapes, step),
        Layer::Reduce(params) => {
            view.same(&[S, B])?;
            let reduced: &[usize] = match ReduceAxis::try_from(params.axis) {
                Ok(ReduceAxis::Chw) => &[C, H, W],
                Ok(ReduceAxis::Hw) => &[H, W],
                Ok(ReduceAxis::C) => &[C],
                Ok(ReduceAxis::H) => &[H],
                Ok(ReduceAxis::W) => &[W],
                Err(_) => return Ok(()),
            };
            for axis in [C, H, W] {
                if reduced.contains(&axis) {
                    view.narrow_output(axis, Range::exactly(1))?;
                } else {
                    view.same(&[axis])?;
                }
            }
            Ok(())
        }
        Layer::LoadConstant(params) => {
            for axis in [S, B] {
                view.narrow_output(axis, Range::exactly(1))?;
            }
            match params.shape[..] {
                [channels, height, width] => view.output_chw([channels, height, width]),
                _ => Ok(()),
            }
        }
        Layer::Reshape(params) => {
            view.narrow_output(B, view.input(B))?;
            match params.target_shape[..] {
                [channels, height, width] => {
                    view.narrow_output(S, view.input(S))?;
                    view.output_chw([channels, height, width].map(|size| size as u64))
                }
                [sequence, channels, height, width] => {
                    // At least, as the validator has it.
                    view.narrow_output(S, Range::at_least(sequence as u64))?;
                    view.output_chw([channels, height, width].map(|size| size as u64))
                }
                _ => Ok(()),
            }
        }
        Layer::Flatten(_) => {
            view.same(&[S, B])?;
            let all = view.input(C).by(view.input(H))?.by(view.input(W))?;
            view.narrow_output(C, all)?;
            view.narrow_output(H, Range::exactly(1))?;
            view.narrow_output(W, Range::exactly(1))
        }
        Layer::Permute(params) => {
            let axes = [S, C, H, W];
            for (to, &from) in axes.into_iter().zip(&params.axis) {
                let from = usize::try_from(from).ok().and_then(|from| axes.get(from)).ok_or(Empty)?;
                view.narrow_output(to, view.input(*from))?;
                view.narrow_input(*from, view.output(to))?;
            }
            view.narrow_input(B, view.output(B))
        }
        Layer::Concat(params) => concat(shapes, step, if params.sequence_concat { S } else { C }),
        Layer::Split(params) => split(shapes, step, params.n_outputs as i32),
        Layer::SequenceRepeat(params) => {
            let repeated = view.input(S).times(params.n_repetitions)?;
            view.narrow_output(S, repeated)?;
            view.same(&[B, C, H, W])
        }
        Layer::ReorganizeData(params) => {
            view.same(&[S, B])?;
            let block = params.block_size;
            let square = block.wrapping_mul(block);
            let to_depth = params.mode == ReorganizationType::SpaceToDepth as i32;
            for (axis, factor, grows) in [(C, square, to_depth), (H, block, !to_depth), (W, block, !to_depth)]
            {
                if factor == 0 {
                    return Err(Empty);
                }
                let changed = |range: Range, grows: bool| {
                    if grows { range.times(factor) } else { range.map(|size| size / factor) }
                };
                let output = changed(view.input(axis), grows)?;
                view.narrow_output(axis, output)?;
                let input = changed(view.output(axis), !grows)?;
                view.narrow_input(axis, input)?;
            }
            Ok(())
        }
        Layer::Slice(params) => slice(&mut view, params),
        Layer::SimpleRecurrent(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            recurrent(shapes, step, sizes, 1, params.sequence_output, 2)
        }
        Layer::Gru(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            recurrent(shapes, step, sizes, 1, params.sequence_output, 2)
        }
        Layer::UniDirectionalLstm(params) => {
            let sizes = (params.input_vector_size, params.output_vector_size);
            let sequence = params.params.as_ref().is_some_and(|params| params.sequence_output);
            recurrent(shapes, step, sizes, 1, sequence, 3)
        }
        Layer::BiDirectionalLstm(params) => {
            // The longest sequence that it takes.
            view.narrow_input(S, Range { min: 0, max: Some(10_000) })?;
            let sizes = (params.input_vector_size, params.output_vector_size);
            let sequence = params.params.as_ref().is_some_and(|params| params.sequence_output);
            recurrent(shapes, step, sizes, 2, sequence, 5)
        }
        Layer::ResizeBilinear(params) => {
            view.same(&[S, B, C])?;
            target(&mut view, &params.target_size)
        }
        Layer::CropResize(params) => crop_resize(&mut view, params, step.inputs.get(1).copied()),
        // Nobody knows what a custom layer does.
        _ => Ok(()),
    }
}

fn slice(view: &mut View<'_>, params: &SliceLayerParams) -> Sized {
    view.same(&[S, B])?;
    let axis = match SliceAxis::try_from(params.axis) {
        Ok(SliceAxis::ChannelAxis) => C,
        Ok(SliceAxis::HeightAxis) => H,
        Ok(SliceAxis::WidthAxis) => W,
        Err(_) => return Err(Empty),
    };
    // Cut to 32 bits.
    let (start, end) = (i64::from(params.start_index as i32), i64::from(params.end_index as i32));
    let stride = i64::from(params.stride as i32);
    if stride == 0 {
        return Err(Empty);
    }
    let (output, least) = if start >= 0 && end > 0 {
        (Range::exactly(((end - 1 - start) / stride + 1) as u64), end)
    } else if start < 0 && end <= 0 {
        (Range::exactly(((-start - 1 + end) / stride + 1) as u64), -start)
    } else {
        let (start, end) = if end <= 0 { (start, -end) } else { (-start, end) };
        let least = start + 1 + end;
        (view.input(axis).add(-least)?.over(stride)?.add(1)?, least)
    };
    for other in [C, H, W] {
        if other == axis {
            view.narrow_output(axis, output)?;
            view.narrow_input(axis, Range::at_least(least as u64))?;
        } else {
            view.same(&[other])?;
        }
    }
    Ok(())
}

/// The first input and output are the sequence; the states behind them, if they are all there, are vectors.
fn recurrent(
    shapes: &mut [Shape],
    step: &Step,
    (inputs, outputs): (u64, u64),
    directions: u64,
    sequence: bool,
    values: usize,
) -> Sized {
    let (Some(&input), Some(&output)) = (step.inputs.first(), step.outputs.first()) else { return Ok(()) };
    set_chw(shapes, input, [inputs, 1, 1])?;
    set_chw(shapes, output, [outputs.wrapping_mul(directions), 1, 1])?;
    let length = if sequence { axis_of(shapes, input, S) } else { Range::exactly(1) };
    narrow_axis(shapes, output, S, length)?;
    if step.inputs.len() < values {
        return Ok(());
    }
    for &state in step.inputs.iter().chain(&step.outputs).filter(|&&value| value != input && value != output)
    {
        narrow_axis(shapes, state, S, Range::exactly(1))?;
        set_chw(shapes, state, [outputs, 1, 1])?;
    }
    Ok(())
}

fn target(view: &mut View<'_>, size: &[u64]) -> Sized {
    let sizes = match size {
        [height, width] => [(*height).max(1), (*width).max(1)],
        _ => [1, 1],
    };
    view.narrow_output(H, Range::exactly(sizes[0]))?;
    view.narrow_output(W, Range::exactly(sizes[1]))
}

/// The second input holds boxes: four coordinates each, or five.
fn crop_resize(view: &mut View<'_>, params: &CropResizeLayerParams, boxes: Option<usize>) -> Sized {
    let boxes = boxes.unwrap_or(usize::MAX);
    let count = axis_of(view.shapes, boxes, S);
    view.narrow_output(S, count)?;
    view.narrow_output(B, view.input(B))?;
    view.same(&[C])?;
    target(view, &params.target_size)?;
    let count = view.output(S);
    let wanted =
        [count, Range::exactly(1), Range { min: 4, max: Some(5) }, Range::exactly(1), Range::exactly(1)];
    for (axis, range) in wanted.into_iter().enumerate() {
        narrow_axis(view.shapes, boxes, axis, range)?;
    }
    Ok(())
}
