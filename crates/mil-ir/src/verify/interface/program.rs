//! The interface of an ML Program against its functions. Apple's validator does not look here; the format's
//! text, coremltools and Core ML itself do.

use std::collections::HashSet;

use super::signature::verify_features;
use super::{Place, Violation, needs_release};
use crate::verify::names;
use crate::{
    ArrayFeature, Feature, FeatureKind, Flexibility, FunctionInterface, Graph, Name, Opset, Program, Release,
};

/// How many shapes a set may hold: 144 were refused, 120 loaded, and Apple's guide says 128.
const MAX_SHAPES: usize = 128;

/// The violations of a program's interface that only a program can have.
pub(in super::super) fn verify_program(program: &Program, found: &mut Vec<Violation>) {
    let interface = &program.interface;
    let version = interface.specification_version;
    let mut add = |code, place: Place, message: String| found.push(Violation::new(code, place, message));
    if program.version != 1 {
        add(
            "program-version",
            Place::default(),
            format!("the program's version is {}, not 1", program.version),
        );
    }
    let whole = needs_release("an ML Program", version, Release::IOS15);
    whole.into_iter().for_each(|message| add("specification-version", Place::default(), message));
    for (name, function) in &program.functions {
        if let Some(release) = function.opset.release()
            && let Some(message) = needs_release(&format!("opset {}", function.opset), version, release)
        {
            add("specification-version", Place::function(name), message);
        }
    }
    opsets(program, &mut add);
    for name in interface.functions.keys().filter(|name| !program.functions.contains_key(*name)) {
        let message = "the interface speaks of a function that does not exist".into();
        add("no-function", Place::function(name), message);
    }
    for (name, function) in &program.functions {
        let Some(features) = interface.function(name) else {
            let message = "the interface does not speak of this function".into();
            add("no-interface", Place::function(name), message);
            continue;
        };
        let mut add = |code, feature: Option<&Name>, message: String| {
            add(code, Place { feature: feature.cloned(), ..Place::function(name) }, message);
        };
        feature_names(features, &mut add);
        flexible(features, version, &mut add);
        states(features, &mut add);
        if interface.multifunction && !features.predicted_feature.is_empty() {
            add("classifier", None, "a classifier has one function".into());
        }
        if let Some(graph) = function.graph() {
            verify_features(graph, features, &mut add);
        }
    }
}

/// Features that were given no type, as a value's type is none that a feature can have.
pub(in super::super) fn without_form(
    name: &Name,
    features: &FunctionInterface,
    graph: &Graph,
) -> Vec<Violation> {
    let values = || graph.root().inputs().iter().copied().chain(graph.root().outputs());
    let is_bare = |feature: &&Feature| feature.kind.is_none() && feature.carried.is_none();
    let found = features.all().filter(is_bare).filter_map(|feature| {
        let value = values().find(|&value| *graph.value(value).name() == feature.name)?;
        let ty = graph.value(value).ty();
        let message =
            format!("{} is a {ty} in the program, and no feature can be one: cast it", feature.name);
        let place = Place { feature: Some(feature.name.clone()), ..Place::function(name) };
        Some(Violation::new("feature-kind", place, message))
    });
    found.collect()
}

/// All functions have one opset (coremltools).
fn opsets(program: &Program, add: &mut impl FnMut(&'static str, Place, String)) {
    let mut functions = program.functions.iter();
    let Some((first, function)) = functions.next() else { return };
    let opset: &Opset = &function.opset;
    for (name, other) in functions.filter(|(_, other)| other.opset != *opset) {
        let message = format!("its opset is {}, that of function {first} {opset}", other.opset);
        add("opsets", Place::function(name), message);
    }
}

/// Names are identifiers, and no two inputs or outputs share one.
fn feature_names(features: &FunctionInterface, add: &mut impl FnMut(&'static str, Option<&Name>, String)) {
    for feature in features.all().filter(|feature| !feature.name.is_empty()) {
        if let Some((code, message)) = names::fault("a feature", &feature.name) {
            add(code, Some(&feature.name), message);
        }
    }
    for group in [&features.inputs, &features.outputs, &features.states] {
        let mut seen = HashSet::new();
        for feature in group.iter().filter(|feature| !seen.insert(&feature.name)) {
            add("feature-twice", Some(&feature.name), "two features of one kind have this name".into());
        }
    }
}

/// Which inputs may be flexible together.
fn flexible(
    features: &FunctionInterface,
    version: i32,
    add: &mut impl FnMut(&'static str, Option<&Name>, String),
) {
    let arrays = || features.inputs.iter().filter_map(|input| Some((&input.name, array(input)?)));
    for (name, array) in features.all().filter_map(|feature| Some((&feature.name, array(feature)?))) {
        if let Some(Flexibility::Enumerated(shapes)) = &array.flexibility
            && shapes.len() > MAX_SHAPES
        {
            let message = format!("{} shapes, and Core ML takes at most {MAX_SHAPES}", shapes.len());
            add("shape-set", Some(name), message);
        }
    }
    let sets: Vec<(&Name, usize)> = arrays()
        .filter_map(|(name, array)| match &array.flexibility {
            Some(Flexibility::Enumerated(shapes)) => Some((name, shapes.len())),
            _ => None,
        })
        .collect();
    let Some(&(first, count)) = sets.first() else { return };
    let ranged = arrays().find(|(_, array)| matches!(array.flexibility, Some(Flexibility::Ranges(_))));
    if let Some((ranged, _)) = ranged {
        let message = format!("its shapes are ranges, those of {first} a set: Core ML does not take both");
        add("flexibility", Some(ranged), message);
    }
    let several: Vec<&(&Name, usize)> = sets.iter().filter(|(_, count)| *count > 1).collect();
    if several.len() > 1
        && let Some(message) =
            needs_release("more than one input with a set of shapes", version, Release::IOS18)
    {
        add("specification-version", None, message);
    }
    for (name, other) in sets.iter().filter(|(_, other)| *other != count) {
        let message =
            format!("a set of {other} shapes, but of {count} for {first}: they are matched by place");
        add("flexibility", Some(name), message);
    }
    for (name, array) in arrays() {
        let is_optional = features.inputs.iter().any(|input| input.name == *name && input.optional);
        let is_set = matches!(array.flexibility, Some(Flexibility::Enumerated(_)));
        if is_optional && is_set && array.default_value.is_some() {
            let message = "an optional input with a default value has no set of shapes".into();
            add("default-value", Some(name), message);
        }
    }
}

/// What coremltools asks of states beyond Apple's validator.
fn states(features: &FunctionInterface, add: &mut impl FnMut(&'static str, Option<&Name>, String)) {
    for feature in features.all() {
        if let Some(FeatureKind::State(Some(contents))) = &feature.kind
            && contents.dtype() == Some(mil_tensor::DType::Int8)
        {
            add("state", Some(&feature.name), "a state has elements of type fp16, not int8".into());
        }
    }
}

fn array(feature: &Feature) -> Option<&ArrayFeature> {
    match &feature.kind {
        Some(FeatureKind::Array(array)) => Some(array),
        _ => None,
    }
}
