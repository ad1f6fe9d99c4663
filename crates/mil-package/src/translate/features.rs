//! `FeatureDescription` and what is in it.

use mil_ir::{
    ArrayFeature, Carried, DictionaryKey, Feature, FeatureKind, Flexibility, ImageFeature, SequenceElement,
    SizeFlexibility, SizeRange,
};
use mil_proto::Described;
use mil_proto::specification::{
    ArrayFeatureType, DictionaryFeatureType, DoubleFeatureType, FeatureDescription, FeatureType,
    ImageFeatureType, Int64FeatureType, SequenceFeatureType, SizeRange as SizeRangeMessage, StateFeatureType,
    StringFeatureType,
    array_feature_type::{EnumeratedShapes, Shape, ShapeFlexibility, ShapeRange},
    dictionary_feature_type::KeyType,
    feature_type::Type,
    image_feature_type::{
        EnumeratedImageSizes, ImageSize, ImageSizeRange, SizeFlexibility as SizeFlexibilityMessage,
    },
    sequence_feature_type::Type as ElementType,
    state_feature_type::Type as StateContents,
};
use mil_proto::wire::Unknown;
use prost::Message as _;

use crate::translate::carried::fit;
use crate::translate::present;

/// A feature with the unknown fields of its messages.
pub(super) fn decode_feature(message: &FeatureDescription, carried: Carried) -> Feature {
    let kind = message.r#type.as_ref().and_then(|ty| ty.r#type.as_ref()).map(decode_kind);
    let optional = message.r#type.as_ref().is_some_and(|ty| ty.is_optional);
    // The type is there, but says nothing.
    let bare = message.r#type.is_some() && kind.is_none() && !optional;
    let carried = if bare { present(carried) } else { carried.boxed() };
    let (name, doc) = (message.name.as_str().into(), message.short_description.clone());
    Feature { name, doc, kind, optional, carried }
}

pub(super) fn encode_feature(feature: &Feature) -> (FeatureDescription, Unknown) {
    let has_type = feature.kind.is_some() || feature.optional || feature.carried.is_some();
    let message = FeatureDescription {
        name: feature.name.to_string(),
        short_description: feature.doc.clone(),
        r#type: has_type.then(|| FeatureType {
            is_optional: feature.optional,
            r#type: feature.kind.as_ref().and_then(encode_kind),
        }),
    };
    let unknown = fit(&message, FeatureDescription::SCHEMA, feature.carried.as_deref());
    (message, unknown)
}

fn decode_kind(message: &Type) -> FeatureKind {
    match message {
        Type::Int64Type(_) => FeatureKind::Int64,
        Type::DoubleType(_) => FeatureKind::Double,
        Type::StringType(_) => FeatureKind::String,
        Type::ImageType(image) => FeatureKind::Image(decode_image(image)),
        Type::MultiArrayType(array) => FeatureKind::Array(decode_array(array)),
        Type::DictionaryType(dict) => FeatureKind::Dictionary(match dict.key_type {
            Some(KeyType::Int64KeyType(_)) => DictionaryKey::Int64,
            Some(KeyType::StringKeyType(_)) => DictionaryKey::String,
            None => DictionaryKey::Unspecified,
        }),
        Type::SequenceType(sequence) => FeatureKind::Sequence {
            element: sequence.r#type.map(|element| match element {
                ElementType::Int64Type(_) => SequenceElement::Int64,
                ElementType::StringType(_) => SequenceElement::String,
            }),
            length: sequence.size_range.map(decode_range),
        },
        Type::StateType(state) => FeatureKind::State(
            state.r#type.as_ref().map(|StateContents::ArrayType(array)| decode_array(array)),
        ),
    }
}

/// `None` for a kind that the format has no message for.
fn encode_kind(kind: &FeatureKind) -> Option<Type> {
    Some(match kind {
        FeatureKind::Int64 => Type::Int64Type(Int64FeatureType {}),
        FeatureKind::Double => Type::DoubleType(DoubleFeatureType {}),
        FeatureKind::String => Type::StringType(StringFeatureType {}),
        FeatureKind::Image(image) => Type::ImageType(encode_image(image)),
        FeatureKind::Array(array) => Type::MultiArrayType(encode_array(array)),
        FeatureKind::Dictionary(key) => Type::DictionaryType(DictionaryFeatureType {
            key_type: match key {
                DictionaryKey::Int64 => Some(KeyType::Int64KeyType(Int64FeatureType {})),
                DictionaryKey::String => Some(KeyType::StringKeyType(StringFeatureType {})),
                DictionaryKey::Unspecified => None,
            },
        }),
        FeatureKind::Sequence { element, length } => Type::SequenceType(SequenceFeatureType {
            size_range: length.map(encode_range),
            r#type: element.map(|element| match element {
                SequenceElement::Int64 => ElementType::Int64Type(Int64FeatureType {}),
                SequenceElement::String => ElementType::StringType(StringFeatureType {}),
            }),
        }),
        FeatureKind::State(contents) => Type::StateType(StateFeatureType {
            r#type: contents.as_ref().map(|array| StateContents::ArrayType(encode_array(array))),
        }),
        _ => return None,
    })
}

fn decode_array(message: &ArrayFeatureType) -> ArrayFeature {
    let default = ArrayFeatureType {
        default_optional_value: message.default_optional_value,
        ..ArrayFeatureType::default()
    };
    ArrayFeature {
        shape: message.shape.clone(),
        data_type: message.data_type,
        flexibility: message.shape_flexibility.as_ref().map(|flexibility| match flexibility {
            ShapeFlexibility::EnumeratedShapes(shapes) => {
                Flexibility::Enumerated(shapes.shapes.iter().map(|shape| shape.shape.clone()).collect())
            }
            ShapeFlexibility::ShapeRange(range) => {
                Flexibility::Ranges(range.size_ranges.iter().copied().map(decode_range).collect())
            }
        }),
        default_value: message.default_optional_value.map(|_| default.encode_to_vec().into()),
    }
}

fn encode_array(array: &ArrayFeature) -> ArrayFeatureType {
    let default = array.default_value.as_ref().and_then(|bytes| ArrayFeatureType::decode(&**bytes).ok());
    ArrayFeatureType {
        shape: array.shape.clone(),
        data_type: array.data_type,
        shape_flexibility: array.flexibility.as_ref().map(|flexibility| match flexibility {
            Flexibility::Enumerated(shapes) => ShapeFlexibility::EnumeratedShapes(EnumeratedShapes {
                shapes: shapes.iter().map(|shape| Shape { shape: shape.clone() }).collect(),
            }),
            Flexibility::Ranges(ranges) => ShapeFlexibility::ShapeRange(ShapeRange {
                size_ranges: ranges.iter().copied().map(encode_range).collect(),
            }),
        }),
        default_optional_value: default.and_then(|array| array.default_optional_value),
    }
}

fn decode_image(message: &ImageFeatureType) -> ImageFeature {
    ImageFeature {
        width: message.width,
        height: message.height,
        color: message.color_space,
        flexibility: message.size_flexibility.as_ref().map(|flexibility| match flexibility {
            SizeFlexibilityMessage::EnumeratedSizes(sizes) => SizeFlexibility::Enumerated(
                sizes.sizes.iter().map(|size| (size.width, size.height)).collect(),
            ),
            SizeFlexibilityMessage::ImageSizeRange(range) => SizeFlexibility::Range(
                range.width_range.map(decode_range),
                range.height_range.map(decode_range),
            ),
        }),
    }
}

fn encode_image(image: &ImageFeature) -> ImageFeatureType {
    ImageFeatureType {
        width: image.width,
        height: image.height,
        color_space: image.color,
        size_flexibility: image.flexibility.as_ref().map(|flexibility| match flexibility {
            SizeFlexibility::Enumerated(sizes) => {
                let sizes = sizes.iter().map(|&(width, height)| ImageSize { width, height }).collect();
                SizeFlexibilityMessage::EnumeratedSizes(EnumeratedImageSizes { sizes })
            }
            SizeFlexibility::Range(width, height) => SizeFlexibilityMessage::ImageSizeRange(ImageSizeRange {
                width_range: width.map(encode_range),
                height_range: height.map(encode_range),
            }),
        }),
    }
}

fn decode_range(message: SizeRangeMessage) -> SizeRange {
    SizeRange { lower: message.lower_bound, upper: message.upper_bound }
}

fn encode_range(range: SizeRange) -> SizeRangeMessage {
    SizeRangeMessage { lower_bound: range.lower, upper_bound: range.upper }
}
