//! When two features are the same to Core ML.

use mil_ir::{ArrayFeature, Feature, FeatureKind};

use super::features::flexible_rank;

/// The same name and type.
pub(super) fn equal_features(a: &Feature, b: &Feature) -> bool {
    a.name == b.name && equal_kinds(a.kind.as_ref(), b.kind.as_ref())
}

/// What is unset equals nothing.
fn equal_kinds(a: Option<&FeatureKind>, b: Option<&FeatureKind>) -> bool {
    match (a, b) {
        (Some(FeatureKind::Array(a)), Some(FeatureKind::Array(b))) => equal_arrays(a, b),
        (Some(FeatureKind::State(Some(a))), Some(FeatureKind::State(Some(b)))) => equal_arrays(a, b),
        (Some(FeatureKind::Image(a)), Some(FeatureKind::Image(b))) => {
            (a.width, a.height, a.color) == (b.width, b.height, b.color)
        }
        (Some(FeatureKind::Sequence { element: a, .. }), Some(FeatureKind::Sequence { element: b, .. })) => {
            a == b
        }
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// Element type and rank, and each dimension unless one of the two is flexible.
fn equal_arrays(a: &ArrayFeature, b: &ArrayFeature) -> bool {
    let rank = |array: &ArrayFeature| match array.flexibility {
        None => array.shape.len(),
        Some(_) => flexible_rank(array),
    };
    let flexible = a.flexibility.is_some() || b.flexibility.is_some();
    a.data_type == b.data_type && rank(a) == rank(b) && (flexible || a.shape == b.shape)
}
