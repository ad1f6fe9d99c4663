//! Inputs, outputs and states.

use mil_ir::{
    ArrayFeature, DictionaryKey, Feature, FeatureKind, Flexibility, FunctionInterface, ImageFeature,
    SequenceElement, SizeFlexibility, SizeRange,
};
use serde::Serialize;

use crate::inspect::FunctionSummary;

/// A summary of a feature.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FeatureSummary {
    /// Name.
    pub name: String,
    /// Element type of an array or state; `image`, `string`, `dictionary`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Default shape, in elements; empty where the file declares none, `None` where there can be none. For
    /// images: height, width.
    pub shape: Option<Vec<i64>>,
    /// Other shapes that it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flexible: Option<Flexible>,
    /// Pixel format of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Type of a dictionary's keys; its values are doubles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// Type of a sequence's elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<String>,
    /// Length of a sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Range>,
    /// An app may leave it out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Documentation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
}

/// The shapes that a feature may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flexible {
    /// One of these.
    Enumerated(Vec<Vec<i64>>),
    /// A size within its range on each axis.
    Ranges(Vec<Range>),
}

/// Bounds of a size, both allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Range {
    /// The smallest.
    pub lower: u64,
    /// The largest; `None`: any.
    pub upper: Option<u64>,
}

impl From<SizeRange> for Range {
    fn from(range: SizeRange) -> Range {
        Range { lower: range.lower, upper: u64::try_from(range.upper).ok() }
    }
}

/// The features of a function, without its ops.
pub(super) fn of_function(features: &FunctionInterface) -> FunctionSummary {
    let all = |features: &[Feature]| features.iter().map(of_feature).collect();
    FunctionSummary {
        inputs: all(&features.inputs),
        outputs: all(&features.outputs),
        states: all(&features.states),
        predicted_feature: features.predicted_feature.to_string(),
        predicted_probabilities: features.predicted_probabilities.to_string(),
        ..FunctionSummary::default()
    }
}

fn of_feature(feature: &Feature) -> FeatureSummary {
    let plain = |kind: &str| FeatureSummary { kind: kind.to_owned(), ..FeatureSummary::default() };
    let summary = match &feature.kind {
        None => plain("unspecified"),
        Some(FeatureKind::Array(array) | FeatureKind::State(Some(array))) => of_array(array),
        Some(FeatureKind::State(None)) => plain("state"),
        Some(FeatureKind::Image(image)) => of_image(image),
        Some(FeatureKind::Int64) => plain("int64"),
        Some(FeatureKind::Double) => plain("double"),
        Some(FeatureKind::String) => plain("string"),
        Some(FeatureKind::Dictionary(key)) => FeatureSummary {
            keys: match key {
                DictionaryKey::Int64 => Some("int64".into()),
                DictionaryKey::String => Some("string".into()),
                DictionaryKey::Unspecified => None,
            },
            ..plain("dictionary")
        },
        Some(FeatureKind::Sequence { element, length }) => FeatureSummary {
            elements: element.map(|element| match element {
                SequenceElement::Int64 => "int64".into(),
                SequenceElement::String => "string".into(),
            }),
            length: length.map(Range::from),
            ..plain("sequence")
        },
        Some(_) => plain("unknown"),
    };
    FeatureSummary {
        name: feature.name.to_string(),
        optional: feature.optional,
        doc: feature.doc.clone(),
        ..summary
    }
}

fn of_array(array: &ArrayFeature) -> FeatureSummary {
    let kind = array.dtype().map_or_else(|| format!("array_{}", array.data_type), |dtype| dtype.to_string());
    let flexible = array.flexibility.as_ref().map(|flexibility| match flexibility {
        Flexibility::Enumerated(shapes) => Flexible::Enumerated(shapes.clone()),
        Flexibility::Ranges(ranges) => Flexible::Ranges(ranges.iter().copied().map(Range::from).collect()),
    });
    FeatureSummary { kind, shape: Some(array.shape.clone()), flexible, ..FeatureSummary::default() }
}

fn of_image(image: &ImageFeature) -> FeatureSummary {
    let signed = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    let flexible = image.flexibility.as_ref().map(|flexibility| match flexibility {
        SizeFlexibility::Enumerated(sizes) => Flexible::Enumerated(
            sizes.iter().map(|&(width, height)| vec![signed(height), signed(width)]).collect(),
        ),
        SizeFlexibility::Range(width, height) => {
            let range = |range: &Option<SizeRange>| range.map(Range::from).unwrap_or_default();
            Flexible::Ranges(vec![range(height), range(width)])
        }
    });
    let color =
        image.color_space().map_or_else(|| format!("color_{}", image.color), |space| space.name().to_owned());
    FeatureSummary {
        kind: "image".to_owned(),
        shape: Some(vec![image.height, image.width]),
        flexible,
        color: Some(color),
        ..FeatureSummary::default()
    }
}
