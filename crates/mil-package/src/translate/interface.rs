//! `ModelDescription`, `FunctionDescription` and `Metadata`, and what `Model` says about itself.

use indexmap::IndexMap;
use mil_ir::{Carried, Feature, FunctionInterface, Interface, Metadata, Name};
use mil_proto::Described;
use mil_proto::specification::{
    FeatureDescription, FunctionDescription, Metadata as MetadataMessage, Model, ModelDescription,
};
use mil_proto::wire::Unknown;

use crate::PackageError;
use crate::translate::carried::{Step, fit, put, take};
use crate::translate::features::{decode_feature, encode_feature};
use crate::translate::present;

/// `Model.description`.
const DESCRIPTION: Step<'_> = Step::One(2);
// Fields of `ModelDescription`.
const INPUT: u32 = 1;
const OUTPUT: u32 = 10;
const STATE: u32 = 13;
const FUNCTIONS: u32 = 20;
const TRAINING_INPUT: u32 = 50;
const METADATA: Step<'_> = Step::One(100);
// Fields of `FunctionDescription`.
const FUNCTION_INPUT: u32 = 2;
const FUNCTION_OUTPUT: u32 = 3;
const FUNCTION_STATE: u32 = 6;
/// The function of a model that does not name functions.
const MAIN: &str = "main";

/// What a model says about itself. Takes the unknown fields of the description; the caller keeps those of the
/// model.
pub(crate) fn decode_interface(model: &Model, carried: &mut Carried) -> Result<Interface, PackageError> {
    let mut interface = Interface {
        specification_version: model.specification_version,
        updatable: model.is_updatable,
        ..Interface::default()
    };
    let Some(description) = &model.description else {
        interface.functions.insert(MAIN.into(), FunctionInterface::default());
        return Ok(interface);
    };
    let mut carried = take(carried, &[DESCRIPTION]);
    interface.multifunction = !description.functions.is_empty();
    interface.default_function = Some(&description.default_function_name)
        .filter(|name| !name.is_empty())
        .map(|name| name.as_str().into());
    interface.training_inputs = decode_features(&description.training_input, TRAINING_INPUT, &mut carried);
    if let Some(metadata) = &description.metadata {
        interface.metadata = decode_metadata(metadata, take(&mut carried, &[METADATA]));
    }
    let own = FunctionInterface {
        inputs: decode_features(&description.input, INPUT, &mut carried),
        outputs: decode_features(&description.output, OUTPUT, &mut carried),
        states: decode_features(&description.state, STATE, &mut carried),
        predicted_feature: description.predicted_feature_name.as_str().into(),
        predicted_probabilities: description.predicted_probabilities_name.as_str().into(),
        carried: None,
    };
    interface.functions = if !interface.multifunction {
        IndexMap::from([(Name::from(MAIN), own)])
    } else if own == FunctionInterface::default() {
        decode_functions(&description.functions, &mut carried)?
    } else {
        let message = "it describes features both of the model and of its functions";
        return Err(PackageError::Model(message.into()));
    };
    // A description that says nothing but is there.
    interface.carried =
        if *description == ModelDescription::default() { present(carried) } else { carried.boxed() };
    Ok(interface)
}

fn decode_functions(
    messages: &[FunctionDescription],
    carried: &mut Carried,
) -> Result<IndexMap<Name, FunctionInterface>, PackageError> {
    let mut functions = IndexMap::new();
    for (index, message) in messages.iter().enumerate() {
        let mut carried = take(carried, &[Step::At(FUNCTIONS, index)]);
        let function = FunctionInterface {
            inputs: decode_features(&message.input, FUNCTION_INPUT, &mut carried),
            outputs: decode_features(&message.output, FUNCTION_OUTPUT, &mut carried),
            states: decode_features(&message.state, FUNCTION_STATE, &mut carried),
            predicted_feature: message.predicted_feature_name.as_str().into(),
            predicted_probabilities: message.predicted_probabilities_name.as_str().into(),
            carried: carried.boxed(),
        };
        if functions.insert(message.name.as_str().into(), function).is_some() {
            return Err(PackageError::Model(format!("it describes function {} twice", message.name)));
        }
    }
    Ok(functions)
}

fn decode_features(messages: &[FeatureDescription], field: u32, carried: &mut Carried) -> Vec<Feature> {
    let each = messages.iter().enumerate();
    each.map(|(index, message)| decode_feature(message, take(carried, &[Step::At(field, index)]))).collect()
}

fn decode_metadata(message: &MetadataMessage, carried: Carried) -> Metadata {
    Metadata {
        present: true,
        description: message.short_description.clone(),
        version: message.version_string.clone(),
        author: message.author.clone(),
        license: message.license.clone(),
        user_defined: message.user_defined.clone(),
        carried: carried.boxed(),
    }
}

/// The message of a model without its payload, and the unknown fields of the message.
pub(crate) fn encode_interface(interface: &Interface) -> (Model, Unknown) {
    let mut description = ModelDescription {
        default_function_name: interface.default_function.as_deref().unwrap_or_default().to_owned(),
        ..ModelDescription::default()
    };
    let mut inner: Vec<(Vec<Step<'_>>, Unknown)> = Vec::new();
    if interface.multifunction {
        for (index, (name, function)) in interface.functions.iter().enumerate() {
            let (message, unknown) = encode_function(name, function);
            description.functions.push(message);
            inner.push((vec![Step::At(FUNCTIONS, index)], unknown));
        }
    } else if let Some(function) = interface.functions.values().next() {
        description.input = encode_features(&function.inputs, INPUT, &mut inner);
        description.output = encode_features(&function.outputs, OUTPUT, &mut inner);
        description.state = encode_features(&function.states, STATE, &mut inner);
        description.predicted_feature_name = function.predicted_feature.to_string();
        description.predicted_probabilities_name = function.predicted_probabilities.to_string();
    }
    description.training_input = encode_features(&interface.training_inputs, TRAINING_INPUT, &mut inner);
    if interface.metadata.present || interface.metadata != Metadata::default() {
        let (metadata, unknown) = encode_metadata(&interface.metadata);
        description.metadata = Some(metadata);
        inner.push((vec![METADATA], unknown));
    }
    let mut description_unknown = fit(&description, ModelDescription::SCHEMA, interface.carried.as_deref());
    for (steps, child) in inner {
        put(&mut description_unknown, &steps, child);
    }
    let has_description = interface.carried.is_some() || description != ModelDescription::default();
    let model = Model {
        specification_version: interface.specification_version,
        description: has_description.then_some(description),
        is_updatable: interface.updatable,
        r#type: None,
    };
    let mut unknown = Unknown::default();
    put(&mut unknown, &[DESCRIPTION], description_unknown);
    (model, unknown)
}

fn encode_function(name: &Name, function: &FunctionInterface) -> (FunctionDescription, Unknown) {
    let mut inner = Vec::new();
    let message = FunctionDescription {
        name: name.to_string(),
        input: encode_features(&function.inputs, FUNCTION_INPUT, &mut inner),
        output: encode_features(&function.outputs, FUNCTION_OUTPUT, &mut inner),
        state: encode_features(&function.states, FUNCTION_STATE, &mut inner),
        predicted_feature_name: function.predicted_feature.to_string(),
        predicted_probabilities_name: function.predicted_probabilities.to_string(),
    };
    let mut unknown = fit(&message, FunctionDescription::SCHEMA, function.carried.as_deref());
    for (steps, child) in inner {
        put(&mut unknown, &steps, child);
    }
    (message, unknown)
}

fn encode_features(
    features: &[Feature],
    field: u32,
    inner: &mut Vec<(Vec<Step<'_>>, Unknown)>,
) -> Vec<FeatureDescription> {
    let mut messages = Vec::with_capacity(features.len());
    for (index, feature) in features.iter().enumerate() {
        let (message, unknown) = encode_feature(feature);
        inner.push((vec![Step::At(field, index)], unknown));
        messages.push(message);
    }
    messages
}

fn encode_metadata(metadata: &Metadata) -> (MetadataMessage, Unknown) {
    let message = MetadataMessage {
        short_description: metadata.description.clone(),
        version_string: metadata.version.clone(),
        author: metadata.author.clone(),
        license: metadata.license.clone(),
        user_defined: metadata.user_defined.clone(),
    };
    let unknown = fit(&message, MetadataMessage::SCHEMA, metadata.carried.as_deref());
    (message, unknown)
}
