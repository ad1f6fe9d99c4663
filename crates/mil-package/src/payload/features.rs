//! What model types demand of their features.

use mil_ir::verify::Violation;
use mil_ir::{ArrayFeature, Feature, FeatureKind, Flexibility};

use super::rule::{Checked, fault, require};

/// The kinds of features, without what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int64,
    Double,
    String,
    Image,
    Array,
    Dictionary,
    Sequence,
    State,
}

/// What most classical models take.
pub(super) const NUMBERS: &[Kind] = &[Kind::Double, Kind::Int64, Kind::Array];

impl Kind {
    /// Of a feature; `None` where the file does not say, or says what nobody knows.
    pub(super) fn of(feature: &Feature) -> Option<Kind> {
        Some(match feature.kind.as_ref()? {
            FeatureKind::Int64 => Kind::Int64,
            FeatureKind::Double => Kind::Double,
            FeatureKind::String => Kind::String,
            FeatureKind::Image(_) => Kind::Image,
            FeatureKind::Array(_) => Kind::Array,
            FeatureKind::Dictionary(_) => Kind::Dictionary,
            FeatureKind::Sequence { .. } => Kind::Sequence,
            FeatureKind::State(_) => Kind::State,
            _ => return None,
        })
    }

    /// The kind as the format names it.
    fn name(self) -> &'static str {
        match self {
            Kind::Int64 => "int64",
            Kind::Double => "double",
            Kind::String => "string",
            Kind::Image => "image",
            Kind::Array => "array",
            Kind::Dictionary => "dictionary",
            Kind::Sequence => "sequence",
            Kind::State => "state",
        }
    }
}

/// The feature is of one of these kinds.
pub(super) fn is_one_of(feature: &Feature, kinds: &[Kind]) -> Checked {
    let kind = Kind::of(feature);
    if kind.is_some_and(|kind| kinds.contains(&kind)) {
        return Ok(());
    }
    let wanted: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    let found = kind.map_or("nothing known", Kind::name);
    let message = format!("feature {} is {found}, where it must be {}", feature.name, wanted.join(" or "));
    Err(fault("feature-kind", message))
}

/// Every feature is of one of these kinds.
pub(super) fn all_are(features: &[Feature], kinds: &[Kind]) -> Checked {
    features.iter().try_for_each(|feature| is_one_of(feature, kinds))
}

/// There are so many features at most.
pub(super) fn at_most(features: &[Feature], count: usize, what: &str) -> Checked {
    let message = format!("{} {what}, where there is at most {count}", features.len());
    require(features.len() <= count, "feature-count", message)
}

/// The only feature, which is of one of these kinds.
pub(super) fn only<'f>(
    features: &'f [Feature],
    kinds: &[Kind],
    what: &str,
) -> Result<&'f Feature, Violation> {
    at_most(features, 1, what)?;
    let feature =
        features.first().ok_or_else(|| fault("feature-count", format!("no {what}, where there is one")))?;
    is_one_of(feature, kinds)?;
    Ok(feature)
}

/// The first feature of a name, which is of one of these kinds.
pub(super) fn named<'f>(
    features: &'f [Feature],
    name: &str,
    kinds: &[Kind],
    what: &str,
) -> Result<&'f Feature, Violation> {
    let feature = features
        .iter()
        .find(|feature| &*feature.name == name)
        .ok_or_else(|| fault("feature-name", format!("{what}: there is no feature {name:?}")))?;
    is_one_of(feature, kinds)?;
    Ok(feature)
}

/// The array in a feature.
pub(super) fn array(feature: &Feature) -> Option<&ArrayFeature> {
    match &feature.kind {
        Some(FeatureKind::Array(array)) => Some(array),
        _ => None,
    }
}

/// The rank of a flexibility: of the first shape, or of the list of ranges; 0 without one.
pub(super) fn flexible_rank(array: &ArrayFeature) -> usize {
    match &array.flexibility {
        None => 0,
        Some(Flexibility::Enumerated(shapes)) => shapes.first().map_or(0, Vec::len),
        Some(Flexibility::Ranges(ranges)) => ranges.len(),
    }
}

/// The length of two equal arrays of rank 1; `None` where the features are not arrays.
pub(super) fn vector_length(input: &Feature, output: &Feature) -> Result<Option<i64>, Violation> {
    let (Some(input), Some(output)) = (array(input), array(output)) else { return Ok(None) };
    let [length] = input.shape[..] else {
        return Err(fault("feature-shape", "the input array is not of rank 1"));
    };
    require(
        output.shape == input.shape,
        "feature-shape",
        "the output array has another shape than the input",
    )?;
    Ok(Some(length))
}
