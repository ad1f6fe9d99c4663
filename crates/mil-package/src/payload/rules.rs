//! The codes of payloads.

use mil_ir::verify::{Rule, Source};

const fn rule(code: &'static str, holds: &'static str) -> Rule {
    Rule { code, holds, source: Source::Validator }
}

/// The rules of payloads, beside those of interfaces: `feature-kind`, `feature-name`, `model-type` and
/// `predicted-feature` are said of both.
pub const RULES: &[Rule] = &[
    rule("unreadable", "the payload is a message of its type"),
    rule("feature-count", "inputs and outputs are as many as the type of the model takes"),
    rule("feature-shape", "arrays have the shapes that the type of the model takes"),
    rule("class-labels", "labels are there, and as many as the model needs"),
    rule("element-type", "non-maximum suppression takes fp32 or double, and one of them throughout"),
    rule("threshold", "thresholds of non-maximum suppression are numbers in their range"),
    rule("parameter-value", "a parameter has a value that is allowed"),
    rule("parameter-range", "a parameter's default lies within its range or set"),
    rule("linear-weights", "weights and offsets of a linear model fit together"),
    rule("support-vectors", "support vectors, coefficients and counts fit together"),
    rule("kernel", "a support vector machine has a kernel"),
    rule("neighbours", "samples, labels and index of a nearest-neighbour model fit together"),
    rule("tree", "nodes of a tree form trees, and leaves have values"),
    rule("items", "items of a recommender fit together"),
    rule("curves", "curves of class confidence have lists of one length and finite numbers"),
    rule("feature-print", "a feature print has a version, and the outputs of that version"),
    rule("revision", "a model of the system's frameworks names its revision"),
    rule("model-data", "a model of the system's frameworks holds data"),
    rule("class-name", "a custom model or layer names its class"),
    rule("link", "a linked model says where it lies"),
    rule("network-empty", "a neural network has layers"),
    rule("network-mapping", "the mappings of inputs suit the layers"),
    rule("network-input-rank", "inputs of a network have a rank that its mapping takes"),
    rule("network-output", "outputs of a network are made by it"),
    rule("layer-kind", "a layer has a type"),
    rule("layer-arity", "a layer has as many inputs and outputs as its type asks"),
    rule("layer-input", "inputs of a layer are made before it"),
    rule("layer-output", "an output of a layer is made once"),
    rule("layer-control", "loops and branches have bodies and conditions"),
    rule("layer-rank", "ranks suit the layer"),
    rule("layer-rank-message", "stated ranks agree with stated sizes"),
    rule("layer-shape", "shapes of layers follow from each other"),
    rule("layer-parameter", "parameters of a layer are allowed"),
    rule("layer-activation", "an activation is set, and one that the layer takes"),
    rule("layer-weights", "weights of a layer have one form and the size that its parameters ask"),
    rule("update", "what is trained on a device has a loss, an optimizer and layers that can be trained"),
    rule("unchecked", "not judged: contents that this version does not look into"),
    rule("more", "not judged: violations beyond those that anyone would read"),
];
