//! Networks that can be trained on a device.

use std::collections::{HashMap, HashSet, VecDeque};

use mil_ir::verify::Violation;
use mil_ir::{Feature, FunctionInterface, Interface};
use mil_proto::payload::activation_params::NonlinearityType;
use mil_proto::payload::loss_layer::LossLayerType;
use mil_proto::payload::neural_network_layer::Layer;
use mil_proto::payload::optimizer::OptimizerType;
use mil_proto::payload::{
    DoubleParameter, Int64Parameter, LossLayer, NetworkUpdateParameters, NeuralNetworkLayer, Optimizer,
    WeightParams,
};
use prost::bytes::Bytes;

use super::super::equal::equal_features;
use super::super::parameter;
use super::super::rule::{Checked, fault, require, set};

const CODE: &str = "update";

/// What training needs to know of a layer.
struct Node {
    name: String,
    updatable: bool,
    differentiable: bool,
    softmax: bool,
    /// The layers that make its inputs.
    parents: Vec<usize>,
    /// Its first output.
    output: String,
}

/// Layers, losses and optimiser.
pub(super) fn network(encoded: &[Bytes], update: &NetworkUpdateParameters) -> Checked {
    let mut nodes: Vec<Node> = Vec::with_capacity(encoded.len());
    let mut makers: HashMap<String, usize> = HashMap::new();
    let mut names = HashSet::new();
    for encoded in encoded {
        let layer = super::decode(encoded)?;
        if layer.is_updatable {
            updatable(&layer)?;
        }
        if !names.insert(layer.name.clone()) {
            return Err(fault(CODE, format!("two layers are called {:?}", layer.name)));
        }
        let parents = layer.input.iter().filter_map(|input| makers.get(input).copied()).collect();
        for output in &layer.output {
            makers.insert(output.clone(), nodes.len());
        }
        nodes.push(Node {
            parents,
            updatable: layer.is_updatable,
            differentiable: is_differentiable(&layer),
            softmax: matches!(layer.layer, Some(Layer::Softmax(_))),
            output: layer.output.into_iter().next().unwrap_or_default(),
            name: layer.name,
        });
    }
    require(nodes.iter().any(|node| node.updatable), CODE, "no layer is updatable")?;
    let losses = update.loss_layers.len();
    let [loss] = &update.loss_layers[..] else {
        return Err(fault(CODE, format!("{losses} loss layers, where there is 1")));
    };
    require(!names.contains(&loss.name), CODE, format!("a layer is called {:?}, as the loss", loss.name))?;
    let start = check_loss(loss, &nodes, &makers)?;
    optimizer(update.optimizer.as_ref())?;
    parameter::int64("epochs", set(&update.epochs, CODE, "the number of epochs")?, true)?;
    if let Some(seed) = &update.seed {
        parameter::int64("seed", seed, false)?;
    }
    let entropy = matches!(loss.loss_layer_type, Some(LossLayerType::CategoricalCrossEntropyLossLayer(_)));
    path_to_layers(start, entropy, &nodes)
}

/// Of a kind that can be trained, with weights that are marked and not quantised.
fn updatable(layer: &NeuralNetworkLayer) -> Checked {
    let (weights, bias, has_bias) = match &layer.layer {
        Some(Layer::Convolution(params)) => (&params.weights, &params.bias, params.has_bias),
        Some(Layer::InnerProduct(params)) => (&params.weights, &params.bias, params.has_bias),
        Some(Layer::UniDirectionalLstm(_)) => return Ok(()),
        _ => return Err(fault(CODE, format!("layer {} is of a kind that cannot be trained", layer.name))),
    };
    let unset = WeightParams::default();
    let both = [Some(weights), has_bias.then_some(bias)];
    for weights in both.into_iter().flatten().map(|weights| weights.as_ref().unwrap_or(&unset)) {
        require(
            weights.quantization.is_none(),
            CODE,
            format!("layer {}: weights are quantised", layer.name),
        )?;
        require(weights.is_updatable, CODE, format!("layer {}: weights are not updatable", layer.name))?;
    }
    Ok(())
}

fn is_differentiable(layer: &NeuralNetworkLayer) -> bool {
    match &layer.layer {
        Some(
            Layer::Convolution(_)
            | Layer::InnerProduct(_)
            | Layer::UniDirectionalLstm(_)
            | Layer::Flatten(_)
            | Layer::Pooling(_)
            | Layer::Batchnorm(_),
        ) => true,
        Some(Layer::Activation(params)) => matches!(
            params.nonlinearity_type,
            Some(NonlinearityType::ReLu(_) | NonlinearityType::Sigmoid(_) | NonlinearityType::Tanh(_))
        ),
        _ => false,
    }
}

/// The layer in front of the loss: a softmax for cross entropy. The target comes from outside.
fn check_loss(
    loss: &LossLayer,
    nodes: &[Node],
    makers: &HashMap<String, usize>,
) -> Result<Option<usize>, Violation> {
    let (input, target, entropy) = match set(&loss.loss_layer_type, CODE, "the kind of loss")? {
        LossLayerType::CategoricalCrossEntropyLossLayer(loss) => (&loss.input, &loss.target, true),
        LossLayerType::MeanSquaredErrorLossLayer(loss) => (&loss.input, &loss.target, false),
    };
    let start = makers.get(input).copied();
    let sound = match start.and_then(|at| nodes.get(at)) {
        None => false,
        Some(node) if entropy => node.softmax && node.output == *input,
        Some(_) => true,
    };
    let wanted = if entropy { "a softmax layer" } else { "a layer" };
    require(sound, CODE, format!("the input {input} of the loss is not made by {wanted}"))?;
    let outside = !makers.contains_key(target);
    require(outside, CODE, format!("a layer makes {target}, the target of the loss"))?;
    Ok(start)
}

/// Between the loss and a layer that is trained stands no layer that cannot be differentiated; walked breadth
/// first, as Apple's validator does.
fn path_to_layers(start: Option<usize>, entropy: bool, nodes: &[Node]) -> Checked {
    let mut seen = HashSet::new();
    let mut queue = VecDeque::new();
    let mut blocked: Option<&str> = None;
    // A softmax right before cross entropy is part of the loss.
    let mut visit = |at: usize, after_entropy: bool, queue: &mut VecDeque<usize>| {
        let Some(node) = nodes.get(at).filter(|_| seen.insert(at)) else { return Ok(()) };
        queue.push_back(at);
        if let Some(blocked) = blocked.filter(|_| node.updatable) {
            let message =
                format!("layer {blocked} cannot be differentiated, and stands behind {}", node.name);
            return Err(fault(CODE, message));
        }
        let part_of_loss = node.softmax && after_entropy;
        if !node.differentiable && !part_of_loss {
            blocked = Some(&node.name);
        }
        Ok(())
    };
    if let Some(start) = start {
        visit(start, entropy, &mut queue)?;
    }
    while let Some(node) = queue.pop_front().and_then(|at| nodes.get(at)) {
        for &parent in &node.parents {
            visit(parent, false, &mut queue)?;
        }
    }
    Ok(())
}

fn optimizer(optimizer: Option<&Optimizer>) -> Checked {
    type Doubles<'a> = Vec<(&'a Option<DoubleParameter>, &'a str)>;
    let kind = optimizer.and_then(|optimizer| optimizer.optimizer_type.as_ref());
    let kind = kind.ok_or_else(|| fault(CODE, "the optimiser is not set"))?;
    let (batch, doubles): (&Option<Int64Parameter>, Doubles<'_>) = match kind {
        OptimizerType::SgdOptimizer(sgd) => {
            (&sgd.mini_batch_size, vec![(&sgd.learning_rate, "learningRate")])
        }
        OptimizerType::AdamOptimizer(adam) => (
            &adam.mini_batch_size,
            vec![
                (&adam.learning_rate, "learningRate"),
                (&adam.beta1, "beta1"),
                (&adam.beta2, "beta2"),
                (&adam.eps, "eps"),
            ],
        ),
    };
    parameter::int64("miniBatchSize", set(batch, CODE, "miniBatchSize")?, true)?;
    for (parameter, what) in doubles {
        parameter::double(what, set(parameter, CODE, what)?)?;
    }
    Ok(())
}

/// An input of the model, and the target of the loss or the class.
pub(super) fn training_inputs(
    interface: &Interface,
    main: &FunctionInterface,
    update: &NetworkUpdateParameters,
    is_classifier: bool,
) -> Checked {
    let inputs = &interface.training_inputs;
    require(inputs.len() > 1, CODE, format!("{} training inputs, where there are 2 at least", inputs.len()))?;
    let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
    for input in &main.inputs {
        by_name.entry(&input.name).or_default().push(input);
    }
    let is_shared = |input: &&Feature| {
        by_name.get(&input.name).is_some_and(|named| named.iter().any(|other| equal_features(input, other)))
    };
    let (shared, own): (Vec<_>, Vec<_>) = inputs.iter().partition(is_shared);
    require(!own.is_empty(), CODE, "all training inputs are inputs of the model: the target is missing")?;
    require(!shared.is_empty(), CODE, "no training input is an input of the model")?;
    let target = match update.loss_layers.first().and_then(|loss| loss.loss_layer_type.as_ref()) {
        Some(LossLayerType::CategoricalCrossEntropyLossLayer(loss)) => &*loss.target,
        Some(LossLayerType::MeanSquaredErrorLossLayer(loss)) => &*loss.target,
        None => "",
    };
    let mut found = false;
    for input in own {
        found |= *input.name == *target;
        if is_classifier && input.name == main.predicted_feature {
            for output in main.outputs.iter().filter(|output| output.name == input.name) {
                let message = format!("training input {} is of another type than the class", input.name);
                require(equal_features(input, output), CODE, message)?;
                found = true;
            }
        }
    }
    require(found, CODE, format!("the target {target} is not among the training inputs"))
}
