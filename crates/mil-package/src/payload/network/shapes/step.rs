//! A layer as far as sizes go.

use mil_proto::payload::NeuralNetworkLayer;
use mil_proto::payload::neural_network_layer::Layer;

/// A layer with its values by number, without its weights.
pub(super) struct Step {
    pub(super) layer: Layer,
    pub(super) name: String,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
}

/// The parameters that matter for sizes.
pub(super) fn without_weights(layer: NeuralNetworkLayer) -> Option<Layer> {
    let mut layer = layer.layer?;
    match &mut layer {
        Layer::Convolution(params) => (params.weights, params.bias) = (None, None),
        Layer::InnerProduct(params) => (params.weights, params.bias) = (None, None),
        Layer::Embedding(params) => (params.weights, params.bias) = (None, None),
        Layer::LoadConstant(params) => params.data = None,
        Layer::Batchnorm(params) => *params = Default::default(),
        Layer::Scale(params) => *params = Default::default(),
        Layer::Bias(params) => *params = Default::default(),
        Layer::Activation(params) => *params = Default::default(),
        Layer::SimpleRecurrent(params) => {
            (params.weight_matrix, params.recursion_matrix, params.bias_vector) = (None, None, None);
        }
        Layer::Gru(params) => {
            *params = mil_proto::payload::GruLayerParams {
                input_vector_size: params.input_vector_size,
                output_vector_size: params.output_vector_size,
                sequence_output: params.sequence_output,
                ..Default::default()
            };
        }
        Layer::UniDirectionalLstm(params) => params.weight_params = None,
        Layer::BiDirectionalLstm(params) => params.weight_params = Vec::new(),
        Layer::Custom(params) => *params = Default::default(),
        _ => {}
    }
    Some(layer)
}
