//! What the parameters of each kind of layer must be.

use std::collections::HashSet;

use mil_proto::payload::activation_params::NonlinearityType;
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::pooling3_d_layer_params::Pooling3DPaddingType;
use mil_proto::payload::reduce_layer_params::ReduceAxis;
use mil_proto::payload::slice_layer_params::SliceAxis;
use mil_proto::payload::upsample_layer_params::{InterpolationMode, LinearUpsampleMode};
use mil_proto::payload::{
    ActivationParams, BatchnormLayerParams, Convolution3DLayerParams, ConvolutionLayerParams,
    LayerNormalizationLayerParams, NeuralNetworkLayer, Pooling3DLayerParams, UpsampleLayerParams,
    WeightParams,
};

use super::super::rule::{Checked, fault, require};
use super::recurrent;
use super::weights::{self, Form};

const CODE: &str = "layer-parameter";

/// The parameters of a layer that has as many inputs and outputs as it should.
pub(super) fn check(layer: &NeuralNetworkLayer, general: bool) -> Checked {
    let Some(kind) = &layer.layer else { return Ok(()) };
    let inputs = layer.input.len();
    match kind {
        Layer::Convolution(params) => convolution(params, inputs, general),
        Layer::Convolution3d(params) => convolution3d(params),
        Layer::Pooling(params) => present(params.pooling_padding_type.is_some(), "the kind of padding"),
        Layer::Pooling3d(params) => pooling3d(params),
        Layer::InnerProduct(params) => {
            if params.int8_dynamic_quantize {
                weights::dynamic_int8(params.weights.as_ref(), params.has_bias)?;
            }
            let bias = params.bias.as_ref().filter(|_| params.has_bias);
            weights::inner_product(
                params.weights.as_ref(),
                bias,
                (params.input_channels, params.output_channels),
            )
        }
        Layer::BatchedMatmul(params) => {
            matmul_ranks(layer)?;
            let weightless = !params.has_bias && !params.int8_dynamic_quantize;
            require(inputs == 1 || weightless, CODE, "bias and dynamic quantisation go with one input only")?;
            if params.int8_dynamic_quantize {
                weights::dynamic_int8(params.weights.as_ref(), params.has_bias)?;
            }
            if inputs > 1 {
                return Ok(());
            }
            let bias = params.bias.as_ref().filter(|_| params.has_bias);
            let sizes = (params.weight_matrix_first_dimension, params.weight_matrix_second_dimension);
            weights::inner_product(params.weights.as_ref(), bias, sizes)
        }
        Layer::Embedding(params) => {
            let bias = params.has_bias.then_some(&params.bias);
            embedding(&params.weights, bias, (params.input_dim, params.output_channels))
        }
        Layer::EmbeddingNd(params) => {
            let bias = params.has_bias.then_some(&params.bias);
            embedding(&params.weights, bias, (params.vocab_size, params.embedding_size))
        }
        Layer::Batchnorm(params) => batchnorm(params),
        Layer::LayerNormalization(params) => layer_normalization(params),
        Layer::Activation(params) => activation(params),
        Layer::SimpleRecurrent(params) => recurrent::simple(params),
        Layer::Gru(params) => recurrent::gru(params),
        Layer::UniDirectionalLstm(params) => recurrent::lstm(params),
        Layer::BiDirectionalLstm(params) => recurrent::bidirectional(params),
        Layer::Bias(params) => constant(&params.bias, &params.shape, &[1, 3], "bias"),
        Layer::LoadConstant(params) => constant(&params.data, &params.shape, &[3], "constant"),
        Layer::LoadConstantNd(params) => {
            let sizes = &params.shape;
            require((1..=5).contains(&sizes.len()), CODE, "the shape is not of rank 1 to 5")?;
            weights::count(params.data.as_ref(), product(sizes), 1, "constant")
        }
        Layer::Scale(params) => {
            let bias = params.has_bias.then_some(params.bias.as_ref()).flatten();
            weights::one_precision(&[Form::of(params.scale.as_ref()), Form::of(bias)])?;
            constant(&params.scale, &params.shape_scale, &[1, 3], "scale")?;
            if params.has_bias {
                constant(&params.bias, &params.shape_bias, &[1, 3], "bias")?;
            }
            Ok(())
        }
        Layer::Custom(params) => {
            present(!params.class_name.is_empty(), "the class name")?;
            let one = |form| !matches!(form, Form::Mixed);
            let sound = params.weights.iter().all(|weights| filled(weights) && one(Form::of(Some(weights))));
            require(sound, "layer-weights", "weights are not stored in one form")
        }
        Layer::Padding(params) => {
            let amounts = params.padding_amounts.as_ref().map_or(0, |amounts| amounts.border_amounts.len());
            require(matches!(amounts, 0 | 2), CODE, format!("{amounts} amounts, where there are none or 2"))?;
            present(params.padding_type.is_some(), "the kind of padding")
        }
        Layer::Crop(params) => {
            let amounts = params.crop_amounts.as_ref().map_or(0, |amounts| amounts.border_amounts.len());
            let count = if inputs == 1 { amounts } else { params.offset.len() };
            require(count == 2, CODE, format!("{count} amounts or offsets, where there are 2"))
        }
        Layer::Lrn(params) => require(params.k >= 0.0 || params.k.is_nan(), CODE, "k is negative"),
        Layer::Upsample(params) => upsample(params),
        Layer::ResizeBilinear(params) => target_size(&params.target_size),
        Layer::CropResize(params) => target_size(&params.target_size),
        Layer::Reshape(params) => {
            let rank = params.target_shape.len();
            require(matches!(rank, 3 | 4), CODE, format!("a target shape of rank {rank}, where it is 3 or 4"))
        }
        Layer::Permute(params) => {
            require(params.axis.len() == 4, CODE, format!("{} axes, where there are 4", params.axis.len()))
        }
        Layer::ReorganizeData(params) => {
            // Cut to 32 bits.
            require(params.block_size as i32 >= 2, CODE, format!("a block of size {}", params.block_size))
        }
        Layer::Reduce(params) => {
            let least = match ReduceAxis::try_from(params.axis) {
                Ok(ReduceAxis::Chw) => 3,
                Ok(ReduceAxis::Hw) => 2,
                Ok(ReduceAxis::C | ReduceAxis::H | ReduceAxis::W) => 1,
                Err(_) => 0,
            };
            rank_at_least(layer, general, least)
        }
        Layer::Slice(params) => {
            let least = match SliceAxis::try_from(params.axis) {
                Ok(SliceAxis::ChannelAxis) => 3,
                Ok(SliceAxis::HeightAxis) => 2,
                Ok(SliceAxis::WidthAxis) => 1,
                Err(_) => i64::MAX,
            };
            rank_at_least(layer, general, least)?;
            require(params.stride as i32 >= 1, CODE, format!("a stride of {}", params.stride))?;
            let (start, end) = (params.start_index, params.end_index);
            let before = (end > 0 && end < start) || (end < 0 && start < 0 && start > end);
            require(!before, CODE, format!("it ends at {end}, before its start at {start}"))
        }
        Layer::Copy(_) => require(layer.input != layer.output, CODE, "it copies a value onto itself"),
        Layer::Transpose(params) => present(!params.axes.is_empty(), "the list of axes"),
        Layer::FillStatic(params) => present(!params.target_shape.is_empty(), "the target shape"),
        Layer::ReshapeStatic(params) => present(!params.target_shape.is_empty(), "the target shape"),
        Layer::BroadcastToStatic(params) => present(!params.target_shape.is_empty(), "the target shape"),
        Layer::RandomNormalStatic(params) => present(!params.output_shape.is_empty(), "the output shape"),
        Layer::RandomUniformStatic(params) => {
            present(!params.output_shape.is_empty(), "the output shape")?;
            ordered(params.min_val, params.max_val)
        }
        Layer::RandomUniformLike(params) => ordered(params.min_val, params.max_val),
        Layer::RandomUniformDynamic(params) => ordered(params.min_val, params.max_val),
        Layer::Clip(params) => ordered(params.min_val, params.max_val),
        Layer::RandomBernoulliStatic(params) => {
            present(!params.output_shape.is_empty(), "the output shape")?;
            probability(params.prob)
        }
        Layer::RandomBernoulliLike(params) => probability(params.prob),
        Layer::RandomBernoulliDynamic(params) => probability(params.prob),
        Layer::SliceStatic(params) => {
            let lists = [
                params.begin_ids.len(),
                params.end_ids.len(),
                params.strides.len(),
                params.begin_masks.len(),
                params.end_masks.len(),
            ];
            present(!lists.contains(&0), "one of begins, ends, strides and their masks")
        }
        Layer::ConstantPad(params) => {
            if inputs > 1 {
                return Ok(());
            }
            let amounts = &params.pad_amounts;
            let even = !amounts.is_empty() && amounts.len().is_multiple_of(2);
            require(even, CODE, format!("{} amounts, where there are two for each axis", amounts.len()))?;
            let both = |pair: &[u64]| pair.iter().all(|&amount| amount as i32 > 0);
            let sound = !params.pad_to_given_output_size_mode || !amounts.chunks(2).any(both);
            require(sound, CODE, "an axis is padded to a size on both sides")
        }
        Layer::SplitNd(params) => {
            let sizes = params.split_sizes.len() as u64;
            let count = if sizes > 0 { sizes } else { params.num_splits };
            let outputs = layer.output.len();
            require(count == outputs as u64, CODE, format!("{outputs} outputs of a split into {count}"))?;
            axis(layer, params.axis)
        }
        Layer::ConcatNd(params) => axis(layer, params.axis),
        Layer::SoftmaxNd(params) => axis(layer, params.axis),
        Layer::SlidingWindows(params) => axis(layer, params.axis),
        Layer::FlattenTo2D(params) => axis(layer, params.axis),
        Layer::TopK(params) => axis(layer, params.axis),
        Layer::ArgMax(params) => axis(layer, params.axis),
        Layer::ArgMin(params) => axis(layer, params.axis),
        Layer::ArgSort(params) => {
            require(params.axis >= 0, CODE, "the axis is negative")?;
            axis(layer, params.axis)
        }
        Layer::Stack(params) => {
            let ranks: Vec<_> =
                layer.input_tensor.iter().take(2).map(|tensor| i64::from(tensor.rank)).collect();
            let [rank, other] = ranks[..] else { return Ok(()) };
            require(rank == other, CODE, "the inputs differ in rank")?;
            let inside = (-(rank + 1)..rank + 1).contains(&params.axis);
            require(inside, CODE, format!("axis {} of rank {rank}", params.axis))
        }
        Layer::Reverse(params) => {
            let axes = params.reverse_dim.len() as i64;
            let sound = input_rank(layer).is_none_or(|rank| rank == axes);
            require(sound, CODE, "the flags are not as many as axes")
        }
        Layer::ReduceL1(params) => axes(layer, &params.axes),
        Layer::ReduceL2(params) => axes(layer, &params.axes),
        Layer::ReduceMax(params) => axes(layer, &params.axes),
        Layer::ReduceMin(params) => axes(layer, &params.axes),
        Layer::ReduceSum(params) => axes(layer, &params.axes),
        Layer::ReduceProd(params) => axes(layer, &params.axes),
        Layer::ReduceMean(params) => axes(layer, &params.axes),
        Layer::ReduceLogSum(params) => axes(layer, &params.axes),
        Layer::ReduceSumSquare(params) => axes(layer, &params.axes),
        Layer::ReduceLogSumExp(params) => axes(layer, &params.axes),
        Layer::ExpandDims(params) => {
            let ranks = input_rank(layer).zip(output_rank(layer));
            let wider = ranks.map(|(input, output)| (input, output, output));
            changed_axes(&params.axes, wider, |input, output, count| input + count == output)
        }
        Layer::Squeeze(params) if params.squeeze_all => Ok(()),
        Layer::Squeeze(params) => {
            let ranks = input_rank(layer).zip(output_rank(layer));
            let wider = ranks.map(|(input, output)| (input, output, input));
            changed_axes(&params.axes, wider, |input, output, count| input == 1 || output + count == input)
        }
        Layer::RangeStatic(_) | Layer::RangeDynamic(_) => {
            let sound = output_rank(layer).is_none_or(|rank| rank == 1);
            require(sound, "layer-rank", "the output is not of rank 1")
        }
        Layer::Scatter(_) if general => scatter_ranks(layer),
        Layer::RankPreservingReshape(params) => {
            let (Some(input), Some(output)) = (input_rank(layer), output_rank(layer)) else {
                return Err(fault("layer-rank-message", "the ranks of input and output are not given"));
            };
            let sound = input == output && input == params.target_shape.len() as i64 && input > 0;
            require(sound, CODE, "input, output and target shape differ in rank")
        }
        _ => Ok(()),
    }
}

/// A field that must be there.
fn present(there: bool, what: &str) -> Checked {
    require(there, CODE, format!("{what} is missing"))
}

/// The rank of the first input, as the layer states it.
fn input_rank(layer: &NeuralNetworkLayer) -> Option<i64> {
    layer.input_tensor.first().map(|tensor| i64::from(tensor.rank))
}

fn output_rank(layer: &NeuralNetworkLayer) -> Option<i64> {
    layer.output_tensor.first().map(|tensor| i64::from(tensor.rank))
}

fn rank_at_least(layer: &NeuralNetworkLayer, general: bool, least: i64) -> Checked {
    let sound = !general || input_rank(layer).is_none_or(|rank| rank >= least);
    require(sound, "layer-rank", "the input has fewer axes than the parameter names")
}

fn axis(layer: &NeuralNetworkLayer, axis: i64) -> Checked {
    axes(layer, &[axis])
}

/// Axes of the first input, where its rank is stated.
fn axes(layer: &NeuralNetworkLayer, axes: &[i64]) -> Checked {
    let Some(rank) = input_rank(layer) else { return Ok(()) };
    match axes.iter().find(|&axis| !(-rank..rank).contains(axis)) {
        None => Ok(()),
        Some(axis) => Err(fault(CODE, format!("axis {axis} of rank {rank}"))),
    }
}

/// Axes that a layer adds or takes away: there are some, all different; where ranks are stated (input,
/// output, the wider one) they fit and hold the axes.
fn changed_axes(
    axes: &[i64],
    ranks: Option<(i64, i64, i64)>,
    fits: impl Fn(i64, i64, i64) -> bool,
) -> Checked {
    require(!axes.is_empty(), CODE, "the list of axes is empty")?;
    // Cut to 32 bits.
    let axes: Vec<_> = axes.iter().map(|&axis| i64::from(axis as i32)).collect();
    let unique = |axes: &[i64]| axes.iter().collect::<HashSet<_>>().len() == axes.len();
    require(unique(&axes), CODE, "an axis stands there twice")?;
    let Some((input, output, wider)) = ranks else { return Ok(()) };
    let sound = fits(input, output, axes.len() as i64);
    require(sound, CODE, format!("{} axes between rank {input} and {output}", axes.len()))?;
    let counted: Vec<_> = axes.iter().map(|&axis| if axis < 0 { axis + wider } else { axis }).collect();
    let inside = counted.iter().all(|axis| (0..wider).contains(axis));
    require(inside && unique(&counted), CODE, format!("the axes are not different ones of rank {wider}"))
}

fn ordered(least: f32, most: f32) -> Checked {
    // What is not a number is not looked at, here and below.
    let wrong = least > most;
    require(!wrong, CODE, format!("the lower bound {least} is above {most}"))
}

fn probability(value: f32) -> Checked {
    let sound = (0.0..=1.0).contains(&value) || value.is_nan();
    require(sound, CODE, format!("{value} is not a probability"))
}

fn target_size(size: &[u64]) -> Checked {
    require(matches!(size.len(), 0 | 2), CODE, format!("a target of {} sizes, where there are 2", size.len()))
}

fn product(sizes: &[u64]) -> u64 {
    sizes.iter().fold(1, |product: u64, &size| product.saturating_mul(size))
}

/// Weights of a shape whose first axis, of three, is that of channels.
fn constant(weights: &Option<WeightParams>, shape: &[u64], ranks: &[usize], what: &str) -> Checked {
    let sound = ranks.contains(&shape.len());
    require(sound, CODE, format!("{what}: a shape of rank {}, where it is one of {ranks:?}", shape.len()))?;
    let channels = match shape {
        [channels, _, _] if *channels > 1 => *channels,
        _ => 1,
    };
    weights::count(weights.as_ref(), product(shape), channels, what)
}

fn filled(weights: &WeightParams) -> bool {
    !(weights.float_value.is_empty()
        && weights.float16_value.is_empty()
        && weights.raw_value.is_empty()
        && weights.int8_raw_value.is_empty())
}

fn embedding(
    weights: &Option<WeightParams>,
    bias: Option<&Option<WeightParams>>,
    (inputs, outputs): (u64, u64),
) -> Checked {
    let bias_form = bias.map_or(Form::Empty, |bias| Form::of(bias.as_ref()));
    weights::one_precision(&[Form::of(weights.as_ref()), bias_form])?;
    weights::count(weights.as_ref(), inputs.saturating_mul(outputs), outputs, "weights")?;
    match bias {
        None => Ok(()),
        Some(bias) => weights::count(bias.as_ref(), outputs, 1, "bias"),
    }
}

fn convolution(params: &ConvolutionLayerParams, inputs: usize, general: bool) -> Checked {
    present(params.convolution_padding_type.is_some(), "the kind of padding")?;
    if inputs > 1 {
        require(general, CODE, "weights as an input need the general mode")?;
        require(!params.is_deconvolution, CODE, "a deconvolution does not take weights as an input")?;
        let dilated = params.dilation_factor.iter().take(2).any(|&factor| factor > 1);
        return require(!dilated, CODE, "a dilated convolution does not take weights as an input");
    }
    let bias = params.has_bias.then_some(params.bias.as_ref()).flatten();
    let forms = [Form::of(params.weights.as_ref()), Form::of(bias)];
    weights::not_mixed(&forms)?;
    weights::one_precision(&forms)?;
    let size = |axis: usize| params.kernel_size.get(axis).copied().unwrap_or(3);
    let outputs = params.output_channels;
    let matrices = if params.is_deconvolution { outputs / params.n_groups.max(1) } else { outputs };
    let count = product(&[matrices, params.kernel_channels, size(0), size(1)]);
    weights::count(params.weights.as_ref(), count, outputs, "weights")?;
    if params.has_bias {
        weights::count(params.bias.as_ref(), outputs, 1, "bias")?;
    }
    Ok(())
}

fn convolution3d(params: &Convolution3DLayerParams) -> Checked {
    let positive = [
        (params.input_channels, "inputChannels"),
        (params.output_channels, "outputChannels"),
        (params.n_groups, "nGroups"),
        (params.kernel_depth, "kernelDepth"),
        (params.kernel_height, "kernelHeight"),
        (params.kernel_width, "kernelWidth"),
        (params.stride_depth, "strideDepth"),
        (params.stride_height, "strideHeight"),
        (params.stride_width, "strideWidth"),
        (params.dilation_depth, "dilationDepth"),
        (params.dilation_height, "dilationHeight"),
        (params.dilation_width, "dilationWidth"),
    ];
    for (value, what) in positive {
        require(value > 0, CODE, format!("{what} is {value}"))?;
    }
    let paddings = [
        params.custom_padding_front,
        params.custom_padding_back,
        params.custom_padding_top,
        params.custom_padding_bottom,
        params.custom_padding_left,
        params.custom_padding_right,
    ];
    require(paddings.iter().all(|&padding| padding >= 0), CODE, "a custom padding is negative")?;
    let sizes = params.output_shape.len();
    let sound = sizes == 0 || (params.is_deconvolution && sizes == 3);
    require(sound, CODE, "an output shape is for deconvolutions, of three sizes")?;
    let bias = params.has_bias.then_some(params.bias.as_ref()).flatten();
    let forms = [Form::of(params.weights.as_ref()), Form::of(bias)];
    require(
        !forms.contains(&Form::Quantized),
        "layer-weights",
        "three axes do not go with quantised weights",
    )?;
    weights::not_mixed(&forms)?;
    weights::one_precision(&forms)?;
    let [inputs, outputs, groups] = [params.input_channels, params.output_channels, params.n_groups];
    let (rows, columns) =
        if params.is_deconvolution { (outputs / groups, inputs) } else { (outputs, inputs / groups) };
    let kernel = [params.kernel_depth, params.kernel_height, params.kernel_width];
    let factors = [rows, columns, kernel[0], kernel[1], kernel[2]].map(|factor| factor.unsigned_abs().into());
    weights::count(params.weights.as_ref(), product(&factors), outputs.unsigned_abs().into(), "weights")?;
    if params.has_bias {
        weights::count(params.bias.as_ref(), outputs.unsigned_abs().into(), 1, "bias")?;
    }
    Ok(())
}

fn pooling3d(params: &Pooling3DLayerParams) -> Checked {
    let positive = [
        (params.kernel_depth, "kernelDepth"),
        (params.kernel_height, "kernelHeight"),
        (params.kernel_width, "kernelWidth"),
        (params.stride_depth, "strideDepth"),
        (params.stride_height, "strideHeight"),
        (params.stride_width, "strideWidth"),
    ];
    for (value, what) in positive {
        require(value > 0, CODE, format!("{what} is {value}"))?;
    }
    let custom = params.padding_type == Pooling3DPaddingType::Custom as i32;
    let paddings = [
        params.custom_padding_front,
        params.custom_padding_back,
        params.custom_padding_top,
        params.custom_padding_bottom,
        params.custom_padding_left,
        params.custom_padding_right,
    ];
    let sound = paddings.iter().all(|&padding| if custom { padding >= 0 } else { padding == 0 });
    require(sound, CODE, "custom padding is negative, or given without the custom kind")
}

fn matmul_ranks(layer: &NeuralNetworkLayer) -> Checked {
    let ranks: Vec<_> = layer.input_tensor.iter().map(|tensor| i64::from(tensor.rank)).collect();
    let [output] = &layer.output_tensor[..] else { return Ok(()) };
    let wanted = match ranks[..] {
        [rank] if layer.input.len() == 1 => rank,
        [a, b] if layer.input.len() == 2 => a.max(b).max(2),
        _ => return Ok(()),
    };
    require(
        i64::from(output.rank) == wanted,
        "layer-rank",
        "the output has another rank than the inputs give",
    )
}

fn scatter_ranks(layer: &NeuralNetworkLayer) -> Checked {
    let ranks: Vec<_> = layer.input_tensor.iter().map(|tensor| i64::from(tensor.rank)).collect();
    let sound = match ranks[..] {
        [] => true,
        [container, indices, updates] => {
            let same = output_rank(layer).is_none_or(|output| output == container);
            container == updates && indices == 1 && same
        }
        _ => false,
    };
    require(
        sound,
        "layer-rank",
        "container, updates and output differ in rank, or the indices are not of rank 1",
    )
}

fn batchnorm(params: &BatchnormLayerParams) -> Checked {
    let all = [&params.gamma, &params.beta, &params.mean, &params.variance];
    let forms = all.map(|weights| Form::of(weights.as_ref()));
    weights::not_mixed(&forms)?;
    weights::one_precision(&forms)?;
    let wanted = if params.compute_mean_var { &all[..2] } else { &all[..] };
    for (weights, what) in wanted.iter().zip(["gamma", "beta", "mean", "variance"]) {
        weights::count(weights.as_ref(), params.channels, 1, what)?;
    }
    Ok(())
}

fn layer_normalization(params: &LayerNormalizationLayerParams) -> Checked {
    present(!params.normalized_shape.is_empty(), "the normalised shape")?;
    let (Some(gamma), Some(beta)) = (&params.gamma, &params.beta) else {
        return Err(fault(CODE, "gamma or beta is missing"));
    };
    require(gamma.quantization.is_none(), "layer-weights", "gamma is quantised")?;
    let mut sizes = params.normalized_shape.iter();
    let count = sizes.try_fold(1i64, |product, &size| product.checked_mul(size));
    let fits = |weights: &WeightParams| Some(weights.float_value.len() as i64) == count;
    require(fits(gamma) && fits(beta), "layer-weights", "gamma and beta do not fit the normalised shape")
}

fn activation(params: &ActivationParams) -> Checked {
    match &params.nonlinearity_type {
        None => Err(fault("layer-activation", "the kind of activation is not set")),
        Some(NonlinearityType::PReLu(params)) => weights::not_mixed(&[Form::of(params.alpha.as_ref())]),
        Some(NonlinearityType::ParametricSoftplus(params)) => {
            let forms = [Form::of(params.alpha.as_ref()), Form::of(params.beta.as_ref())];
            weights::not_mixed(&forms)?;
            let alike = std::mem::discriminant(&forms[0]) == std::mem::discriminant(&forms[1]);
            require(alike, "layer-weights", "alpha and beta are stored in different forms")
        }
        Some(_) => Ok(()),
    }
}

fn upsample(params: &UpsampleLayerParams) -> Checked {
    let (whole, fractional) = (params.scaling_factor.len(), params.fractional_scaling_factor.len());
    let sound = matches!((whole, fractional), (0, 0 | 2) | (2, 0));
    require(sound, CODE, format!("{whole} whole and {fractional} fractional factors"))?;
    let nearest = params.mode == InterpolationMode::Nn as i32;
    let default = params.linear_upsample_mode == LinearUpsampleMode::Default as i32;
    require(fractional == 0 || !(nearest || default), CODE, "fractional factors need a linear mode")?;
    require(default || !nearest, CODE, "a linear mode goes with nearest neighbours")
}
