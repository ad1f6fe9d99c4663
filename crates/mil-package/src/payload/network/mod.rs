//! Neural networks of layers.
//!
//! The rules stand in tables where they are tables: [`layers`] says how many inputs and outputs each kind of
//! layer has and which ranks, [`parameters`] and [`recurrent`] what its parameters must be, [`weights`] what
//! weights are. [`scope`] walks layers and knows which values exist; [`shapes`] follows sizes through
//! networks of the old mode; [`update`] holds the rules for training on a device.
//!
//! **Two modes.** Networks up to iOS 12 know values of five fixed axes. A layer added later, or another
//! mapping of input shapes, puts a network into the general mode, in which ranks are what the file says.

mod layers;
mod parameters;
mod ranks;
mod recurrent;
mod scope;
mod shapes;
mod update;
mod weights;

use std::collections::{HashMap, HashSet};

use mil_ir::verify::{Report, Violation};
use mil_ir::{Feature, FeatureKind, Flexibility, FunctionInterface, Interface};
use mil_proto::payload::{
    NetworkUpdateParameters, NeuralNetwork, NeuralNetworkClassifier, NeuralNetworkLayer,
    NeuralNetworkMultiArrayShapeMapping as ArrayMapping, NeuralNetworkRegressor, neural_network_classifier,
};
use prost::Message as _;
use prost::bytes::Bytes;

use super::classifier::{self, Labels, labels};
use super::features::{Kind, all_are, array};
use super::rule::{Checked, Record, fault, require};

/// What the three messages have in common.
struct Network {
    layers: Vec<Bytes>,
    array_mapping: i32,
    image_mapping: i32,
    update: Option<NetworkUpdateParameters>,
    /// The class labels may stand for the target of training.
    is_classifier: bool,
}

/// What features and layers of a network may be.
const TENSORS: &[Kind] = &[Kind::Array, Kind::Image, Kind::State];

pub(super) fn plain(
    interface: &Interface,
    main: &FunctionInterface,
    model: NeuralNetwork,
    report: &mut Report,
) {
    let network = Network {
        layers: model.layers,
        array_mapping: model.array_input_shape_mapping,
        image_mapping: model.image_input_shape_mapping,
        update: model.update_params,
        is_classifier: false,
    };
    report.record(all_are(&main.outputs, TENSORS));
    let Some(made) = verify(interface, main, &network, report) else { return };
    let mut seen = HashSet::new();
    for output in &main.outputs {
        let name = &*output.name;
        let sound = made.contains(name) && seen.insert(name);
        let message = format!("output {name} is not made by a layer, or stands there twice");
        report.record(require(sound, "network-output", message));
    }
}

pub(super) fn classifier(
    interface: &Interface,
    main: &FunctionInterface,
    model: NeuralNetworkClassifier,
    report: &mut Report,
) {
    let labels = labels!(neural_network_classifier, model.class_labels);
    report.record(classifier::classifier(main, labels));
    let probabilities = model.label_probability_layer_name;
    let network = Network {
        layers: model.layers,
        array_mapping: model.array_input_shape_mapping,
        image_mapping: model.image_input_shape_mapping,
        update: model.update_params,
        is_classifier: true,
    };
    let Some(made) = verify(interface, main, &network, report) else { return };
    let message = format!("no layer makes {probabilities}, which labelProbabilityLayerName names");
    let sound = probabilities.is_empty() || made.contains(&*probabilities);
    report.record(require(sound, "network-output", message));
    for output in &main.outputs {
        let predicted = [&main.predicted_feature, &main.predicted_probabilities].contains(&&output.name);
        let sound = predicted || made.contains(&*output.name);
        report.record(require(sound, "network-output", format!("no layer makes output {}", output.name)));
    }
}

pub(super) fn regressor(
    interface: &Interface,
    main: &FunctionInterface,
    model: NeuralNetworkRegressor,
    report: &mut Report,
) {
    report.record(classifier::regressor(main));
    let network = Network {
        layers: model.layers,
        array_mapping: model.array_input_shape_mapping,
        image_mapping: model.image_input_shape_mapping,
        update: model.update_params,
        is_classifier: false,
    };
    verify(interface, main, &network, report);
}

/// The rules of all three. Gives the names of the values that layers make, unless a layer is broken: then
/// which values there are is not known.
fn verify(
    interface: &Interface,
    main: &FunctionInterface,
    network: &Network,
    report: &mut Report,
) -> Option<HashSet<String>> {
    let general = match is_general(main, network) {
        Ok(general) => general,
        Err(finding) => {
            report.record(Err(finding));
            return None;
        }
    };
    if network.layers.iter().any(|layer| matches!(layers::kind(layer), Ok(Some("custom")))) {
        report.unchecked("what layers of kind custom make of their inputs");
    }
    let before = report.violations.len();
    report.record(all_are(&main.inputs, TENSORS));
    report.record(require(!network.layers.is_empty(), "network-empty", "the network has no layers"));
    for input in &main.inputs {
        report.record(input_shape(input, general));
    }
    let mut scope = scope::Scope::new(&main.inputs, model_ranks(main, network, general), general);
    scope.layers(&network.layers, report);
    if report.violations.len() > before {
        return None;
    }
    if !general {
        shapes::follow(main, &network.layers, report);
    }
    if interface.updatable {
        let unset = NetworkUpdateParameters::default();
        let update = network.update.as_ref().unwrap_or(&unset);
        report.record(update::network(&network.layers, update));
        report.record(update::training_inputs(interface, main, update, network.is_classifier));
    }
    Some(scope.made())
}

/// Whether ranks are what the file says.
fn is_general(main: &FunctionInterface, network: &Network) -> Result<bool, Violation> {
    let mut new_layer = false;
    for layer in &network.layers {
        new_layer |= !layers::is_old(layer)?;
    }
    let exact_arrays = network.array_mapping != ArrayMapping::Rank5ArrayMapping as i32;
    let exact_images = network.image_mapping != 0;
    let has_array = main.inputs.iter().any(|input| Kind::of(input) == Some(Kind::Array));
    if (new_layer || exact_images) && !exact_arrays && has_array {
        let message = "arrays are mapped to rank 5, but a layer or the mapping of images needs iOS 13";
        return Err(fault("network-mapping", message));
    }
    Ok(new_layer || exact_arrays || exact_images)
}

/// The ranks of features, as layers see them.
fn model_ranks(main: &FunctionInterface, network: &Network, general: bool) -> HashMap<String, u64> {
    let mut ranks = HashMap::new();
    if !general {
        return ranks;
    }
    for input in &main.inputs {
        let rank = match &input.kind {
            Some(FeatureKind::Array(_)) if network.array_mapping == 0 => 5,
            Some(FeatureKind::Array(array)) => array.shape.len() as u64,
            Some(FeatureKind::Image(_)) if network.image_mapping == 0 => 5,
            Some(FeatureKind::Image(_)) => 4,
            _ => continue,
        };
        ranks.insert(input.name.to_string(), rank);
    }
    for output in &main.outputs {
        if let Some(array) = array(output).filter(|array| !array.shape.is_empty()) {
            ranks.insert(output.name.to_string(), array.shape.len() as u64);
        }
    }
    ranks
}

/// The shape of an array input.
fn input_shape(input: &Feature, general: bool) -> Checked {
    let Some(array) = array(input) else { return Ok(()) };
    let rank = array.shape.len();
    let sound = if general {
        let ranges = match &array.flexibility {
            Some(Flexibility::Ranges(ranges)) => ranges.len(),
            _ => rank,
        };
        rank > 0 && ranges == rank
    } else {
        let old = |rank: usize| rank == 1 || rank == 3;
        let flexible = match &array.flexibility {
            None => false,
            Some(Flexibility::Enumerated(shapes)) => shapes.iter().all(|shape| old(shape.len())),
            Some(Flexibility::Ranges(ranges)) => old(ranges.len()),
        };
        old(rank) || (rank == 0 && flexible)
    };
    let wrong = if general { "without a shape, or with other ranges" } else { "not of rank 1 or 3" };
    require(sound, "network-input-rank", format!("input {} is {wrong}", input.name))
}

/// A layer and the name of its kind.
fn decode(encoded: &Bytes) -> Result<NeuralNetworkLayer, Violation> {
    NeuralNetworkLayer::decode(encoded.clone()).map_err(|error| fault("unreadable", error.to_string()))
}
