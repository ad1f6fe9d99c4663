//! Shapes of inputs, against what an interface allows.

use mil_ir::{FeatureKind, FunctionInterface};
use mil_ops::shape_refusal;

/// What an interface says against an input of this shape; `None` if it allows it.
pub(super) fn objection(features: &FunctionInterface, name: &str, shape: &[i64]) -> Option<String> {
    let Some(feature) = features.inputs.iter().find(|feature| *feature.name == *name) else {
        return Some(format!("there is no input {name}"));
    };
    let undeclared = matches!(&feature.kind, Some(FeatureKind::Array(array))
        if array.flexibility.is_none() && array.shape.is_empty() && !shape.is_empty());
    let why = match sizes(shape) {
        _ if undeclared => Some("its shape is not declared".to_owned()),
        Some(sizes) => shape_refusal(feature, &sizes),
        None => Some("a size is negative".to_owned()),
    };
    why.map(|why| format!("input {name} cannot have shape {shape:?}: {why}"))
}

/// A shape as sizes; `None` where one is negative.
pub(super) fn sizes(shape: &[i64]) -> Option<Vec<u64>> {
    shape.iter().map(|&size| u64::try_from(size).ok()).collect()
}
