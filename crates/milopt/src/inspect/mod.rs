//! What a person asks first about a model.

mod features;
mod show;
mod weights;

use std::collections::BTreeMap;

use mil_ir::{Graph, Interface, Model, Program};
use serde::Serialize;

pub use features::{FeatureSummary, Flexible, Range};
pub use weights::{Stored, Weights, weights};
pub(crate) use weights::{place, stored_as};

/// A summary of a model. Its JSON form is stable: fields may be added, not renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The name of a pipeline's member, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The type of the model in the format, for example `mlprogram` or `neuralNetwork`.
    pub kind: String,
    /// `Model.specificationVersion`.
    pub specification_version: i32,
    /// The oldest release that takes the model, for example `iOS17`; `None` for a version that is newer than
    /// milopt.
    pub target: Option<String>,
    /// Bytes of the file or of all files of the package, where the caller knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Functions by name. For models other than programs: their features, without ops.
    pub functions: BTreeMap<String, FunctionSummary>,
    /// Tensors of the program, each place in a file counted once.
    pub weights: Weights,
    /// What milopt does not look into, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_shown: Option<String>,
    /// The members of a pipeline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Summary>,
    /// Author, licence and what else was written down; empty entries left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// A summary of a function.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FunctionSummary {
    /// The opset that runs, as the file spells it; empty for models other than programs.
    pub opset: String,
    /// Other opsets that the function is specialised for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_opsets: Vec<String>,
    /// Inputs in order.
    pub inputs: Vec<FeatureSummary>,
    /// Outputs in order.
    pub outputs: Vec<FeatureSummary>,
    /// States.
    pub states: Vec<FeatureSummary>,
    /// The output with the predicted class or number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub predicted_feature: String,
    /// The output with the probability of each class.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub predicted_probabilities: String,
    /// Ops by type, those of inner blocks included, without `const`.
    pub ops: BTreeMap<String, usize>,
}

/// Summarises a model.
pub fn summarize(model: &Model) -> Summary {
    let interface = model.interface();
    let mut summary = Summary {
        name: None,
        kind: if matches!(model, Model::Program(_)) { "mlprogram".into() } else { model.kind().into() },
        specification_version: interface.specification_version,
        target: oldest_release(interface),
        file_bytes: None,
        functions: BTreeMap::new(),
        weights: Weights::default(),
        not_shown: None,
        members: Vec::new(),
        metadata: metadata(interface),
    };
    for (name, features) in &interface.functions {
        summary.functions.insert(name.to_string(), features::of_function(features));
    }
    match model {
        Model::Program(program) => {
            of_program(program, &mut summary.functions);
            summary.weights = weights(program);
        }
        Model::Pipeline(pipeline) => {
            let member = |(name, model): &(Option<mil_ir::Name>, Model)| Summary {
                name: name.as_ref().map(ToString::to_string),
                ..summarize(model)
            };
            summary.members = pipeline.members.iter().map(member).collect();
        }
        Model::Opaque(_) => {
            let what = match model.kind() {
                kind if kind.starts_with("neuralNetwork") => "neural networks".to_owned(),
                kind => format!("models of type {kind}"),
            };
            summary.not_shown = Some(format!("milopt does not look inside {what}"));
        }
    }
    summary
}

/// Specification versions 1 to 3 are older than ML Programs, and no target of milopt.
fn oldest_release(interface: &Interface) -> Option<String> {
    match interface.specification_version {
        1 => Some("iOS11".into()),
        2 => Some("iOS11.2".into()),
        3 => Some("iOS12".into()),
        _ => interface.release().map(|release| release.to_string()),
    }
}

fn of_program(program: &Program, functions: &mut BTreeMap<String, FunctionSummary>) {
    for (name, function) in &program.functions {
        let summary = functions.entry(name.to_string()).or_default();
        summary.opset = function.opset.to_string();
        let others = function.specializations.keys().filter(|opset| **opset != function.opset);
        summary.other_opsets = others.map(ToString::to_string).collect();
        if let Some(graph) = function.graph() {
            summary.ops = histogram(graph);
        }
    }
}

/// Ops by type, those of inner blocks included, without `const`.
pub fn histogram(graph: &Graph) -> BTreeMap<String, usize> {
    let mut ops = BTreeMap::new();
    for op in graph.walk() {
        let kind = graph.op(op).kind();
        if kind != "const" {
            *ops.entry(kind.to_string()).or_default() += 1;
        }
    }
    ops
}

fn metadata(interface: &Interface) -> BTreeMap<String, String> {
    let known = [
        ("description", &interface.metadata.description),
        ("version", &interface.metadata.version),
        ("author", &interface.metadata.author),
        ("license", &interface.metadata.license),
    ];
    let known = known.into_iter().map(|(key, value)| (key.to_owned(), value.clone()));
    let own = interface.metadata.user_defined.iter().map(|(key, value)| (key.clone(), value.clone()));
    known.chain(own).filter(|(_, value)| !value.is_empty()).collect()
}
