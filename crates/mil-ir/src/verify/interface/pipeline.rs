//! Pipelines: that members find what they take, and the pipeline what it gives (`PipelineValidator.cpp`,
//! `Comparison.cpp`).

use std::collections::{HashMap, HashSet};

use super::{Place, Violation};
use crate::{ArrayFeature, Feature, FeatureKind, Flexibility, FunctionInterface, ModelPipeline, Name};

/// The violations of a pipeline's own; its members are models of their own.
pub(in super::super) fn verify_pipeline(pipeline: &ModelPipeline, found: &mut Vec<Violation>) {
    let mut add = |code, place: Place, message: String| found.push(Violation::new(code, place, message));
    let nothing = FunctionInterface::default();
    let features = own(&pipeline.interface).unwrap_or(&nothing);
    if pipeline.members.is_empty() {
        add("pipeline-members", Place::default(), "a pipeline without members".into());
    }
    names(pipeline, &mut add);
    updatable(pipeline, &mut add);
    // What there is by now, and who made it last.
    let mut known: HashMap<&Name, &Feature> =
        features.inputs.iter().map(|feature| (&feature.name, feature)).collect();
    for (index, (_, member)) in pipeline.members.iter().enumerate() {
        let Some(features) = own(member.interface()) else { continue };
        for input in &features.inputs {
            let place = || Place { member: vec![index], ..Place::feature(&input.name) };
            match known.get(&input.name) {
                None => {
                    let message = "no input of the pipeline and no output of an earlier member has this name";
                    add("pipeline-input", place(), message.into());
                }
                Some(given) if !is_equal(&given.kind, &input.kind) => {
                    let message = "what the pipeline has by this name is of another type".into();
                    add("pipeline-input", place(), message);
                }
                Some(_) => {}
            }
        }
        known.extend(features.outputs.iter().map(|output| (&output.name, output)));
    }
    for output in &features.outputs {
        let message = match known.get(&output.name) {
            None => "no member has an output of this name",
            Some(made) if !is_equal(&made.kind, &output.kind) => {
                "what the members make by this name is of another type"
            }
            Some(_) => continue,
        };
        add("pipeline-output", Place::feature(&output.name), message.into());
    }
}

/// The features that a pipeline can wire: those of the model itself. Functions with features of their own
/// give it none.
fn own(interface: &crate::Interface) -> Option<&FunctionInterface> {
    interface.functions.values().next().filter(|_| !interface.multifunction)
}

/// Members have names that differ, or none has one.
fn names(pipeline: &ModelPipeline, add: &mut impl FnMut(&'static str, Place, String)) {
    let names: Vec<&Name> = pipeline.members.iter().filter_map(|(name, _)| name.as_ref()).collect();
    if !names.is_empty() && names.len() != pipeline.members.len() {
        let message = format!("{} members have {} names", pipeline.members.len(), names.len());
        add("pipeline-names", Place::default(), message);
    }
    let mut seen = HashSet::new();
    for name in names.iter().filter(|name| !seen.insert(**name)) {
        add("pipeline-names", Place::default(), format!("two members are named {:?}", &***name));
    }
}

/// The last member, and no other, is trained where the pipeline is.
fn updatable(pipeline: &ModelPipeline, add: &mut impl FnMut(&'static str, Place, String)) {
    let last = pipeline.members.len().saturating_sub(1);
    for (index, (_, member)) in pipeline.members.iter().enumerate() {
        let wanted = pipeline.interface.updatable && index == last;
        if member.interface().updatable != wanted {
            let message = match wanted {
                true => "the last member of an updatable pipeline is updatable",
                false => "it is updatable: only the last member of an updatable pipeline is",
            };
            add("updatable", Place { member: vec![index], ..Place::default() }, message.into());
        }
    }
}

/// Two features are of one type. Whether they are optional does not count.
fn is_equal(a: &Option<FeatureKind>, b: &Option<FeatureKind>) -> bool {
    match (a, b) {
        (Some(FeatureKind::Array(a)), Some(FeatureKind::Array(b))) => {
            a.data_type == b.data_type && rank(a) == rank(b) && {
                let is_flexible = a.flexibility.is_some() || b.flexibility.is_some();
                is_flexible || a.shape == b.shape
            }
        }
        (Some(FeatureKind::Image(a)), Some(FeatureKind::Image(b))) => {
            (a.width, a.height, a.color) == (b.width, b.height, b.color)
        }
        (Some(FeatureKind::State(Some(a))), Some(FeatureKind::State(Some(b)))) => {
            a.data_type == b.data_type && a.shape == b.shape
        }
        (Some(FeatureKind::Sequence { element: a, .. }), Some(FeatureKind::Sequence { element: b, .. })) => {
            a == b
        }
        (a, b) => a == b,
    }
}

/// The rank that counts: of the first shape of a set, of the ranges, else of the default shape.
fn rank(array: &ArrayFeature) -> usize {
    match &array.flexibility {
        Some(Flexibility::Enumerated(shapes)) => shapes.first().map_or(0, Vec::len),
        Some(Flexibility::Ranges(ranges)) => ranges.len(),
        None => array.shape.len(),
    }
}
