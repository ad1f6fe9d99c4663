//! What an app sees of a model: features, states, metadata, target.
//!
//! The types mirror the messages of `Model.proto` and `FeatureTypes.proto`, which `mil-package` translates.
//! Passes change an interface only through the methods of [`Interface`] at the end of this file.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use mil_tensor::DType;

use crate::{Carried, Name, Release};

/// The interface of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interface {
    /// `Model.specificationVersion`; see [`Release`].
    pub specification_version: i32,
    /// Features of each function. A model without named functions has one entry, `main`.
    pub functions: IndexMap<Name, FunctionInterface>,
    /// The functions are spelled one by one in the file (iOS18), not as features of the model itself.
    pub multifunction: bool,
    /// The function that runs when an app names none.
    pub default_function: Option<Name>,
    /// Features for on-device training; only carried.
    pub training_inputs: Vec<Feature>,
    /// The model can be trained on the device.
    pub updatable: bool,
    /// Author, licence, and what else was written down.
    pub metadata: Metadata,
    /// Unknown fields of the `Model` message.
    pub model_carried: Option<Box<Carried>>,
    /// Unknown fields of the `ModelDescription` message.
    pub carried: Option<Box<Carried>>,
}

/// The features of one function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionInterface {
    /// What it takes, in order.
    pub inputs: Vec<Feature>,
    /// What it gives, in order.
    pub outputs: Vec<Feature>,
    /// What it keeps between calls.
    pub states: Vec<Feature>,
    /// The output with the predicted class or number; empty for none.
    pub predicted_feature: Name,
    /// The output with the probability of each class; empty for none.
    pub predicted_probabilities: Name,
    /// Unknown fields of its message.
    pub carried: Option<Box<Carried>>,
}

/// A named input, output or state.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// The name, by which the program's values are found.
    pub name: Name,
    /// Documentation; empty for none.
    pub doc: String,
    /// What it is. `None`: the file does not say.
    pub kind: Option<FeatureKind>,
    /// An app may leave it out.
    pub optional: bool,
    /// Unknown fields of its messages.
    pub carried: Option<Box<Carried>>,
}

/// The type of a feature.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeatureKind {
    /// A 64-bit integer.
    Int64,
    /// A 64-bit float.
    Double,
    /// Text.
    String,
    /// An array.
    Array(ArrayFeature),
    /// An image.
    Image(ImageFeature),
    /// A dictionary from these keys to doubles.
    Dictionary(DictionaryKey),
    /// A sequence.
    Sequence {
        /// Type of its elements; `None`: the file does not say.
        element: Option<SequenceElement>,
        /// Length.
        length: Option<SizeRange>,
    },
    /// A state with these contents.
    State(Option<ArrayFeature>),
}

/// An array: element type, default shape and the shapes it may have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArrayFeature {
    /// Default shape, in elements; empty where none is declared.
    pub shape: Vec<i64>,
    /// Number of the element type in `ArrayFeatureType.ArrayDataType`; see [`ArrayFeature::dtype`].
    pub data_type: i32,
    /// The shapes it may have.
    pub flexibility: Option<Flexibility>,
    /// Value where an optional input is left out: wire bytes of the `defaultOptionalValue` field, with its
    /// tag; see [`ArrayFeature::default_number`].
    pub default_value: Option<Box<[u8]>>,
}

/// What every element of an array is whose optional input is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DefaultNumber {
    /// `intDefaultValue`.
    Int(i32),
    /// `floatDefaultValue`.
    Float(f32),
    /// `doubleDefaultValue`.
    Double(f64),
}

/// The shapes that an array may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Flexibility {
    /// One of these.
    Enumerated(Vec<Vec<i64>>),
    /// Any within a range per axis.
    Ranges(Vec<SizeRange>),
}

/// Bounds of a size, both allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeRange {
    /// Lower bound.
    pub lower: u64,
    /// Upper bound; negative: none.
    pub upper: i64,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageFeature {
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
    /// Number in `ImageFeatureType.ColorSpace`; see [`ImageFeature::color_space`].
    pub color: i32,
    /// The sizes it may have.
    pub flexibility: Option<SizeFlexibility>,
}

/// The sizes that an image may have.
#[derive(Clone, Debug, PartialEq)]
pub enum SizeFlexibility {
    /// One of these: width, height.
    Enumerated(Vec<(u64, u64)>),
    /// Any within these ranges: width, height.
    Range(Option<SizeRange>, Option<SizeRange>),
}

/// Pixel formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorSpace {
    /// 8 bits of grey.
    Grayscale,
    /// 8 bits each of red, green, blue.
    Rgb,
    /// 8 bits each of blue, green, red.
    Bgr,
    /// A 16-bit float of grey.
    GrayscaleFloat16,
}

/// Keys of a dictionary feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DictionaryKey {
    /// 64-bit integers.
    Int64,
    /// Text.
    String,
    /// The file does not say.
    Unspecified,
}

/// Elements of a sequence feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SequenceElement {
    /// 64-bit integers.
    Int64,
    /// Text.
    String,
}

/// What was written down about a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The message is there, be it empty.
    pub present: bool,
    /// What the model does.
    pub description: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub author: String,
    /// Its licence.
    pub license: String,
    /// Anything else, by key.
    pub user_defined: BTreeMap<String, String>,
    /// Unknown fields of its message.
    pub carried: Option<Box<Carried>>,
}

/// `ArrayFeatureType.ArrayDataType` and the element types that MIL has for them.
const ARRAY_TYPES: [(i32, DType); 5] = [
    (65552, DType::Fp16),
    (65568, DType::Fp32),
    (65600, DType::Fp64),
    (131_080, DType::Int8),
    (131_104, DType::Int32),
];

impl ArrayFeature {
    /// An array of this type and default shape.
    pub fn new(dtype: DType, shape: Vec<i64>) -> Option<ArrayFeature> {
        let data_type = ARRAY_TYPES.iter().find(|row| row.1 == dtype)?.0;
        Some(ArrayFeature { shape, data_type, flexibility: None, default_value: None })
    }

    /// Element type; `None` for a number that this version does not know.
    pub fn dtype(&self) -> Option<DType> {
        ARRAY_TYPES.iter().find(|row| row.0 == self.data_type).map(|row| row.1)
    }

    /// The default value, where there is one that this version can read.
    pub fn default_number(&self) -> Option<DefaultNumber> {
        match self.default_value.as_deref()? {
            // Field 41, a varint.
            [0xC8, 0x02, rest @ ..] => {
                let groups = rest.iter().take(10).enumerate();
                let value = groups.fold(0_u64, |value, (index, &byte)| {
                    value | u64::from(byte & 0x7F).checked_shl(7 * index as u32).unwrap_or(0)
                });
                // The field is 32 bits wide: what is wider is cut.
                Some(DefaultNumber::Int(value as i32))
            }
            // Field 51.
            [0x9D, 0x03, a, b, c, d] => Some(DefaultNumber::Float(f32::from_le_bytes([*a, *b, *c, *d]))),
            // Field 61.
            [0xE9, 0x03, rest @ ..] => Some(DefaultNumber::Double(f64::from_le_bytes(rest.try_into().ok()?))),
            _ => None,
        }
    }
}

impl SizeRange {
    /// A size lies within the bounds.
    pub fn contains(&self, size: i64) -> bool {
        u64::try_from(size).is_ok_and(|size| size >= self.lower) && (self.upper < 0 || size <= self.upper)
    }

    /// The bounds leave no size. An upper bound of 0 is not looked at: it stands where none was written.
    pub fn is_reversed(&self) -> bool {
        u64::try_from(self.upper).is_ok_and(|upper| upper > 0 && upper < self.lower)
    }

    /// The one size that lies within the bounds.
    pub fn only(&self) -> Option<u64> {
        u64::try_from(self.upper).ok().filter(|&upper| upper == self.lower)
    }
}

impl std::fmt::Display for SizeRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.upper {
            ..0 => write!(f, "{}..", self.lower),
            upper => write!(f, "{}..{upper}", self.lower),
        }
    }
}

impl ImageFeature {
    /// Pixel format; `None` for a number that this version does not know.
    pub fn color_space(&self) -> Option<ColorSpace> {
        ColorSpace::ALL.into_iter().find(|space| space.number() == self.color)
    }
}

impl ColorSpace {
    /// All of them.
    pub const ALL: [ColorSpace; 4] =
        [ColorSpace::Grayscale, ColorSpace::Rgb, ColorSpace::Bgr, ColorSpace::GrayscaleFloat16];

    /// The name in MIL text.
    pub fn name(self) -> &'static str {
        match self {
            ColorSpace::Grayscale => "grayscale",
            ColorSpace::Rgb => "rgb",
            ColorSpace::Bgr => "bgr",
            ColorSpace::GrayscaleFloat16 => "grayscale_fp16",
        }
    }

    /// Number in `ImageFeatureType.ColorSpace`.
    pub fn number(self) -> i32 {
        match self {
            ColorSpace::Grayscale => 10,
            ColorSpace::Rgb => 20,
            ColorSpace::Bgr => 30,
            ColorSpace::GrayscaleFloat16 => 40,
        }
    }
}

/// Why an interface refuses a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// No such function.
    #[error("there is no function {0}")]
    NoFunction(Name),
    /// No such feature.
    #[error("function {0} has no feature {1}")]
    NoFeature(Name, Name),
    /// The name is taken.
    #[error("function {0} has a feature {1} already")]
    Taken(Name, Name),
    /// No array.
    #[error("feature {1} of function {0} is not an array")]
    NoArray(Name, Name),
    /// No image.
    #[error("feature {1} of function {0} is not an image")]
    NoImage(Name, Name),
    /// What a feature is to be called cannot be a name.
    #[error("{0}")]
    BadName(String),
    /// A model that is only carried has the feature.
    #[error("a {0} has the feature {1}, and milopt does not change what is inside such a model")]
    Carried(Name, Name),
    /// The format has no array of this type.
    #[error("feature {1} of function {0} cannot have elements of type {2}")]
    NoSuchArray(Name, Name, DType),
}

impl Interface {
    /// The release that the model is for; `None` for a version that milopt does not know.
    pub fn release(&self) -> Option<Release> {
        Release::from_specification_version(self.specification_version)
    }

    /// The features of a function.
    pub fn function(&self, name: &str) -> Option<&FunctionInterface> {
        self.functions.get(name)
    }

    /// Makes the model one for this release, if it is for an older one.
    pub fn raise_target(&mut self, target: Release) {
        self.specification_version = self.specification_version.max(target.specification_version());
    }

    /// Renames a feature. The program's value is renamed by the caller; see
    /// [`crate::Program::rename_features`].
    pub fn rename_feature(&mut self, function: &str, old: &str, new: &str) -> Result<(), InterfaceError> {
        let is_only = !self.multifunction;
        let features = self.features_mut(function)?;
        if features.all().any(|feature| &*feature.name == new) {
            return Err(InterfaceError::Taken(function.into(), new.into()));
        }
        for feature in features.all_mut().filter(|feature| &*feature.name == old) {
            feature.name = new.into();
        }
        for name in [&mut features.predicted_feature, &mut features.predicted_probabilities] {
            if &**name == old {
                *name = new.into();
            }
        }
        features.find(new).ok_or_else(|| InterfaceError::NoFeature(function.into(), old.into()))?;
        for feature in self.training_inputs.iter_mut().filter(|feature| is_only && &*feature.name == old) {
            feature.name = new.into();
        }
        Ok(())
    }

    /// Makes a feature another kind of thing, for example an image of an array.
    pub fn set_feature_kind(
        &mut self,
        function: &str,
        name: &str,
        kind: FeatureKind,
    ) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        let missing = || InterfaceError::NoFeature(function.into(), name.into());
        features.all().find(|feature| &*feature.name == name).ok_or_else(missing)?;
        for feature in features.all_mut().filter(|feature| &*feature.name == name) {
            feature.kind = Some(kind.clone());
        }
        Ok(())
    }

    /// Gives a function these outputs, in this order.
    pub fn set_outputs(&mut self, function: &str, outputs: Vec<Feature>) -> Result<(), InterfaceError> {
        self.features_mut(function)?.outputs = outputs;
        Ok(())
    }

    /// Takes an input or a state away.
    pub fn remove_input(&mut self, function: &str, name: &str) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        for group in [&mut features.inputs, &mut features.states] {
            if let Some(at) = group.iter().position(|feature| &*feature.name == name) {
                group.remove(at);
                return Ok(());
            }
        }
        Err(InterfaceError::NoFeature(function.into(), name.into()))
    }

    /// Describes a function, or another one of this name. Functions are described one by one from the second
    /// on; the one that was alone is then what runs where an app names none.
    pub fn describe_function(&mut self, name: impl Into<Name>, features: FunctionInterface) {
        let name = name.into();
        if !self.multifunction && !self.functions.contains_key(&name) {
            self.multifunction = true;
            self.default_function = self.functions.keys().next().cloned();
            self.raise_target(Release::IOS18);
        }
        self.functions.insert(name, features);
    }

    /// Adds an input behind the others.
    pub fn add_input(&mut self, function: &str, input: Feature) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        if features.find(&input.name).is_some() {
            return Err(InterfaceError::Taken(function.into(), input.name));
        }
        features.inputs.push(input);
        Ok(())
    }

    /// Gives a feature another documentation.
    pub fn describe_feature(
        &mut self,
        function: &str,
        name: &str,
        doc: impl Into<String>,
    ) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        let missing = || InterfaceError::NoFeature(function.into(), name.into());
        features.all_mut().find(|feature| &*feature.name == name).ok_or_else(missing)?.doc = doc.into();
        Ok(())
    }

    /// Gives an array feature another element type.
    pub fn retype_feature(&mut self, function: &str, name: &str, dtype: DType) -> Result<(), InterfaceError> {
        let number = ARRAY_TYPES
            .iter()
            .find(|row| row.1 == dtype)
            .ok_or_else(|| InterfaceError::NoSuchArray(function.into(), name.into(), dtype))?;
        self.array_mut(function, name)?.data_type = number.0;
        Ok(())
    }

    /// Gives an array feature another default shape, and other shapes that it may have.
    pub fn reshape_feature(
        &mut self,
        function: &str,
        name: &str,
        shape: Vec<i64>,
        flexibility: Option<Flexibility>,
    ) -> Result<(), InterfaceError> {
        let array = self.array_mut(function, name)?;
        (array.shape, array.flexibility) = (shape, flexibility);
        Ok(())
    }

    /// Gives an image feature another default size, width and height, and other sizes that it may have.
    pub fn resize_image(
        &mut self,
        function: &str,
        name: &str,
        (width, height): (i64, i64),
        flexibility: Option<SizeFlexibility>,
    ) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        let feature = features.all_mut().find(|feature| &*feature.name == name);
        match feature.map(|feature| &mut feature.kind) {
            Some(Some(FeatureKind::Image(image))) => {
                (image.width, image.height, image.flexibility) = (width, height, flexibility);
                Ok(())
            }
            Some(_) => Err(InterfaceError::NoImage(function.into(), name.into())),
            None => Err(InterfaceError::NoFeature(function.into(), name.into())),
        }
    }

    /// Adds a state with these contents.
    pub fn add_state(
        &mut self,
        function: &str,
        name: &str,
        contents: ArrayFeature,
    ) -> Result<(), InterfaceError> {
        let features = self.features_mut(function)?;
        if features.find(name).is_some() {
            return Err(InterfaceError::Taken(function.into(), name.into()));
        }
        features.states.push(Feature {
            name: name.into(),
            doc: String::new(),
            kind: Some(FeatureKind::State(Some(contents))),
            optional: false,
            carried: None,
        });
        Ok(())
    }

    fn features_mut(&mut self, function: &str) -> Result<&mut FunctionInterface, InterfaceError> {
        self.functions.get_mut(function).ok_or_else(|| InterfaceError::NoFunction(function.into()))
    }

    fn array_mut(&mut self, function: &str, name: &str) -> Result<&mut ArrayFeature, InterfaceError> {
        let features = self.features_mut(function)?;
        let feature = features.all_mut().find(|feature| &*feature.name == name);
        match feature.map(|feature| &mut feature.kind) {
            Some(Some(FeatureKind::Array(array) | FeatureKind::State(Some(array)))) => Ok(array),
            Some(_) => Err(InterfaceError::NoArray(function.into(), name.into())),
            None => Err(InterfaceError::NoFeature(function.into(), name.into())),
        }
    }
}

impl FunctionInterface {
    /// Inputs, outputs and states.
    pub fn all(&self) -> impl Iterator<Item = &Feature> {
        self.inputs.iter().chain(&self.outputs).chain(&self.states)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Feature> {
        self.inputs.iter_mut().chain(&mut self.outputs).chain(&mut self.states)
    }

    /// The oldest release whose ML Programs can have these features.
    pub fn least_release(&self) -> Release {
        let of_features = self.all().map(|feature| match &feature.kind {
            Some(FeatureKind::State(_)) => Release::IOS18,
            Some(FeatureKind::Array(array)) => match array.dtype() {
                Some(DType::Fp16) => Release::IOS16,
                Some(DType::Int8) => Release::IOS26,
                _ => Release::IOS15,
            },
            Some(FeatureKind::Image(image)) if image.color_space() == Some(ColorSpace::GrayscaleFloat16) => {
                Release::IOS16
            }
            _ => Release::IOS15,
        });
        let least = if self.inputs.is_empty() { Release::IOS18 } else { Release::IOS15 };
        of_features.max().unwrap_or(least).max(least)
    }

    /// The feature of this name.
    pub fn find(&self, name: &str) -> Option<&Feature> {
        self.all().find(|feature| &*feature.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_numbers_are_read_from_the_wire() {
        let read = |wire: &[u8]| {
            ArrayFeature { default_value: Some(wire.into()), ..ArrayFeature::default() }.default_number()
        };
        assert_eq!(read(&[0xC8, 0x02, 0xAC, 0x02]), Some(DefaultNumber::Int(300)));
        let minus_one = [0xC8, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
        assert_eq!(read(&minus_one), Some(DefaultNumber::Int(-1)));
        assert_eq!(read(&[0x9D, 0x03, 0, 0, 0xC0, 0x3F]), Some(DefaultNumber::Float(1.5)));
        assert_eq!(read(&[0xE9, 0x03, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]), Some(DefaultNumber::Double(1.5)));
        assert_eq!(read(&[0xE9, 0x03, 0]), None);
    }
}
