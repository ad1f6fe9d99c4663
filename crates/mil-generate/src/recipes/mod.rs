//! Ops whose operands depend on each other.

mod activation;
mod constexpr;
mod control_flow;
mod conv;
mod image;
mod linear;
mod normalization;
mod random;
mod rearrange;
mod recurrent;
mod scatter_gather;
mod shape;
mod state;
mod tensor_operation;

use crate::maker::{Made, Maker};

pub(crate) use constexpr::weight;
pub(crate) use conv::{conv_of, image_like, transposed_conv_of};
pub(crate) use linear::linear_of;
pub(crate) use normalization::batch_norm_of;
pub(crate) use shape::{reshape_of, transpose_of};

/// Adds one op of a kind, with whatever it needs.
pub(crate) type Recipe = fn(&mut Maker) -> Made;

/// The recipe of an op; `None` where its declaration is enough.
pub(crate) fn find(kind: &str) -> Option<Recipe> {
    Some(match kind {
        "prelu" => activation::prelu,
        "softplus_parametric" => activation::softplus_parametric,
        "clip" => activation::clip,
        "scaled_dot_product_attention" => linear::attention,
        "classify" => tensor_operation::classify,
        "const" => tensor_operation::constant,
        "constexpr_affine_dequantize"
        | "constexpr_blockwise_shift_scale"
        | "constexpr_cast"
        | "constexpr_lut_to_dense"
        | "constexpr_lut_to_sparse"
        | "constexpr_sparse_blockwise_shift_scale"
        | "constexpr_sparse_to_dense" => constexpr::used,
        "cond" => control_flow::cond,
        "while_loop" => control_flow::while_loop,
        "select" => control_flow::select,
        "make_list" => control_flow::make_list,
        "list_gather" => control_flow::list_gather,
        "list_length" => control_flow::list_length,
        "list_read" => control_flow::list_read,
        "list_scatter" => control_flow::list_scatter,
        "list_write" => control_flow::list_write,
        "conv" => conv::conv,
        "conv_quantized" => conv::conv_quantized,
        "conv_transpose" => conv::conv_transpose,
        "avg_pool" => conv::avg_pool,
        "l2_pool" => conv::l2_pool,
        "max_pool" => conv::max_pool,
        "cast" => tensor_operation::cast,
        "affine" => image::affine,
        "crop" => image::crop,
        "crop_resize" => image::crop_resize,
        "resample" => image::resample,
        "resize" => image::resize,
        "resize_bilinear" => image::resize_bilinear,
        "resize_nearest_neighbor" => image::resize_nearest_neighbor,
        "upsample_bilinear" => image::upsample_bilinear,
        "upsample_nearest_neighbor" => image::upsample_nearest_neighbor,
        "einsum" => linear::einsum,
        "linear" => linear::linear,
        "matmul" => linear::matmul,
        "batch_norm" => normalization::batch_norm,
        "instance_norm" => normalization::instance_norm,
        "l2_norm" => normalization::l2_norm,
        "layer_norm" => normalization::layer_norm,
        "local_response_norm" => normalization::local_response_norm,
        "quantize" => normalization::quantize,
        "dequantize" => normalization::dequantize,
        "random_bernoulli" => random::random_bernoulli,
        "random_categorical" => random::random_categorical,
        "random_normal" => random::random_normal,
        "random_uniform" => random::random_uniform,
        "gru" => recurrent::gru,
        "lstm" => recurrent::lstm,
        "rnn" => recurrent::rnn,
        "gather" => scatter_gather::gather,
        "gather_along_axis" => scatter_gather::gather_along_axis,
        "gather_nd" => scatter_gather::gather_nd,
        "scatter" => scatter_gather::scatter,
        "scatter_along_axis" => scatter_gather::scatter_along_axis,
        "scatter_nd" => scatter_gather::scatter_nd,
        "batch_to_space" => rearrange::batch_to_space,
        "depth_to_space" => rearrange::depth_to_space,
        "pixel_shuffle" => rearrange::pixel_shuffle,
        "pixel_unshuffle" => rearrange::pixel_unshuffle,
        "space_to_batch" => rearrange::space_to_batch,
        "space_to_depth" => rearrange::space_to_depth,
        "expand_dims" => shape::expand_dims,
        "reshape" => shape::reshape,
        "reshape_like" => shape::reshape_like,
        "reverse_sequence" => shape::reverse_sequence,
        "slice_by_index" => shape::slice_by_index,
        "slice_by_size" => shape::slice_by_size,
        "slice_update" => shape::slice_update,
        "sliding_windows" => shape::sliding_windows,
        "squeeze" => shape::squeeze,
        "transpose" => shape::transpose,
        "read_state" => state::read_state,
        "write_state" => state::write_state,
        "concat" => tensor_operation::concat,
        "fill" => tensor_operation::fill,
        "non_maximum_suppression" => tensor_operation::non_maximum_suppression,
        "one_hot" => tensor_operation::one_hot,
        "pad" => tensor_operation::pad,
        "range_1d" => tensor_operation::range_1d,
        "split" => tensor_operation::split,
        "stack" => tensor_operation::stack,
        "tile" => tensor_operation::tile,
        "topk" => tensor_operation::topk,
        "band_part" => tensor_operation::band_part,
        _ => return None,
    })
}
