//! One input, output or state by itself (`InterfaceValidators.cpp`).

use mil_tensor::DType;

use super::flexibility::{verify_image_sizes, verify_shapes};
use super::needs_release;
use crate::{
    ArrayFeature, ColorSpace, DefaultNumber, DictionaryKey, Feature, FeatureKind, ImageFeature, Release,
    SequenceElement, SizeRange,
};

/// Where a feature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Output,
    State,
}

/// The first version that has sequences, and in which flexible shapes count.
pub(super) const FLEXIBLE: i32 = 3;

type Add<'a> = &'a mut dyn FnMut(&'static str, String);

/// What is wrong with a feature.
pub(super) fn verify_feature(feature: &Feature, role: Role, version: i32, add: Add<'_>) {
    if feature.name.is_empty() {
        add("feature-name", "a feature has no name".into());
    }
    let Some(kind) = &feature.kind else {
        add("feature-kind", "it has no type that is known".into());
        return;
    };
    match kind {
        FeatureKind::State(contents) => {
            if role == Role::Output {
                add("state", "a state is not an output".into());
            }
            verify_state(contents.as_ref(), feature.optional, version, add);
        }
        _ if role == Role::State => add("state", "it stands among the states, but is not one".into()),
        FeatureKind::Int64 | FeatureKind::Double | FeatureKind::String => {}
        FeatureKind::Array(array) => verify_array(array, role, version, add),
        FeatureKind::Image(image) => verify_image(image, version, add),
        FeatureKind::Dictionary(key) => {
            if *key == DictionaryKey::Unspecified {
                add("dictionary", "a dictionary without a type of keys".into());
            }
        }
        FeatureKind::Sequence { element, length } => verify_sequence(*element, *length, version, add),
    }
}

fn verify_array(array: &ArrayFeature, role: Role, version: i32, add: Add<'_>) {
    match array.dtype() {
        None => add("array-type", format!("there is no array of type {}", array.data_type)),
        Some(dtype) => {
            let since = match dtype {
                DType::Fp16 => Some(Release::IOS16),
                DType::Int8 => Some(Release::IOS26),
                _ => None,
            };
            let message =
                since.and_then(|since| needs_release(&format!("an array of {dtype}"), version, since));
            message.into_iter().for_each(|message| add("specification-version", message));
            verify_default(array, dtype, add);
        }
    }
    if let Some(size) = array.shape.iter().find(|&&size| size < 0) {
        add("array-shape", format!("a size of its shape is {size}"));
    }
    let flexibility = array.flexibility.as_ref().filter(|_| version >= FLEXIBLE);
    match flexibility {
        Some(flexibility) => verify_shapes(&array.shape, flexibility, add),
        None if array.shape.is_empty() && role == Role::Input => {
            add("array-shape", "an input needs a shape".into());
        }
        None => {}
    }
}

/// The default value fits the element type, whether it counts or not.
fn verify_default(array: &ArrayFeature, dtype: DType, add: Add<'_>) {
    if array.default_value.is_none() {
        return;
    }
    let fits = match (dtype, array.default_number()) {
        (DType::Fp64, Some(DefaultNumber::Double(_)))
        | (DType::Fp32 | DType::Fp16, Some(DefaultNumber::Float(_)))
        | (DType::Int32, Some(DefaultNumber::Int(_))) => true,
        (DType::Int8, Some(DefaultNumber::Int(value))) => i8::try_from(value).is_ok(),
        _ => false,
    };
    if !fits {
        let value = match array.default_number() {
            Some(DefaultNumber::Int(value)) => format!("the integer {value}"),
            Some(DefaultNumber::Float(value)) => format!("the float {value}"),
            Some(DefaultNumber::Double(value)) => format!("the double {value}"),
            None => "of an unknown form".into(),
        };
        add("default-value", format!("the default value of an array of {dtype} is {value}"));
    }
}

fn verify_image(image: &ImageFeature, version: i32, add: Add<'_>) {
    match image.color_space() {
        None => add("image-color", format!("there is no color space {}", image.color)),
        Some(ColorSpace::GrayscaleFloat16) => {
            let message = needs_release("an image of fp16", version, Release::IOS16);
            message.into_iter().for_each(|message| add("specification-version", message));
        }
        Some(_) => {}
    }
    let flexibility = image.flexibility.as_ref().filter(|_| version >= FLEXIBLE);
    verify_image_sizes((image.width, image.height), flexibility, add);
}

fn verify_sequence(element: Option<SequenceElement>, length: Option<SizeRange>, version: i32, add: Add<'_>) {
    if let Some(message) = super::needs("a sequence", version, FLEXIBLE) {
        add("specification-version", message);
    }
    if element.is_none() {
        add("sequence", "a sequence without a type of elements".into());
    }
    if let Some(range) = length.filter(|range| range.is_reversed()) {
        add("sequence", format!("its length is {range}"));
    }
}

fn verify_state(contents: Option<&ArrayFeature>, optional: bool, version: i32, add: Add<'_>) {
    if let Some(message) = needs_release("a state", version, Release::IOS18) {
        add("specification-version", message);
    }
    if optional {
        add("state", "a state is never optional".into());
    }
    let Some(array) = contents else {
        add("state", "a state without an array".into());
        return;
    };
    // int8 is what Apple's validator lets pass; an ML Program has fp16 only.
    if !matches!(array.dtype(), Some(DType::Fp16 | DType::Int8)) {
        let dtype = array.dtype().map_or_else(|| array.data_type.to_string(), |dtype| dtype.to_string());
        add("state", format!("a state has elements of type fp16, not {dtype}"));
    }
    if array.shape.is_empty() {
        add("state", "a state needs a shape".into());
    }
    if let Some(size) = array.shape.iter().find(|&&size| size < 0) {
        add("state", format!("a size of its shape is {size}"));
    }
    if array.flexibility.is_some() {
        add("state", "the shape of a state is fixed".into());
    }
    if array.default_value.is_some() {
        add("state", "a state has no default value".into());
    }
}
