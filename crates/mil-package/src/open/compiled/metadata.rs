//! `metadata.json`: what the compiler writes down of a model for people and their tools.
//!
//! All values are texts, lists of numbers among them (`"[1, 3, 224, 224]"`). The names are those of
//! coremltools' `FeatureType::toDictionary`, in the sources of its compiler.

use mil_ir::{
    ArrayFeature, ColorSpace, DictionaryKey, Feature, FeatureKind, Flexibility, ImageFeature, Interface,
    SizeFlexibility, SizeRange,
};
use mil_tensor::DType;
use serde_json::Value;

/// Adds to an interface what the metadata of a compiled model say.
pub(super) fn describe(interface: &mut Interface, json: &Value, warnings: &mut Vec<String>) {
    let version = json.get("specificationVersion").and_then(Value::as_i64);
    if let Some(version) = version.and_then(|version| i32::try_from(version).ok()) {
        interface.specification_version = interface.specification_version.max(version);
    }
    let metadata = &mut interface.metadata;
    (metadata.present, metadata.description) = (true, text(json, "shortDescription").to_owned());
    metadata.author = text(json, "author").to_owned();
    metadata.license = text(json, "license").to_owned();
    metadata.version = text(json, "version").to_owned();
    let user = json.get("userDefinedMetadata").and_then(Value::as_object);
    for (key, value) in user.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            metadata.user_defined.insert(key.clone(), value.to_owned());
        }
    }
    // The schemas are those of the only function, or of the default one.
    let Some(main) = interface.functions.values_mut().next().filter(|_| !interface.multifunction) else {
        return;
    };
    for (schema, features) in [
        ("inputSchema", &mut main.inputs),
        ("outputSchema", &mut main.outputs),
        ("stateSchema", &mut main.states),
    ] {
        let entries = json.get(schema).and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let name = text(entry, "name");
            match features.iter_mut().find(|feature| &*feature.name == name) {
                Some(feature) => describe_feature(feature, entry, warnings),
                None => {
                    warnings.push(format!("metadata.json describes {name}, which the program does not have"))
                }
            }
        }
        let place = |feature: &Feature| {
            let mut entries = entries.into_iter().flatten();
            entries.position(|entry| text(entry, "name") == &*feature.name).unwrap_or(usize::MAX)
        };
        features.sort_by_key(place);
    }
}

fn text<'j>(json: &'j Value, key: &str) -> &'j str {
    json.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn describe_feature(feature: &mut Feature, json: &Value, warnings: &mut Vec<String>) {
    feature.doc = text(json, "shortDescription").to_owned();
    feature.optional = text(json, "isOptional") == "1";
    match (kind(json), text(json, "type")) {
        (Some(FeatureKind::Array(array)), "State") => {
            feature.kind = Some(FeatureKind::State(Some(array)));
        }
        (Some(kind), _) => feature.kind = Some(kind),
        // The compiler leaves out what the model does not state.
        (None, "MultiArray" | "State")
            if numbers(text(json, "shape")).is_none_or(|shape| shape.is_empty()) => {}
        (None, ty) => {
            let name = &feature.name;
            warnings.push(format!("metadata.json describes {name} as {ty}, in a way that is not known"));
        }
    }
}

/// `None` for what is not known.
fn kind(json: &Value) -> Option<FeatureKind> {
    Some(match text(json, "type") {
        "Int64" => FeatureKind::Int64,
        "Double" => FeatureKind::Double,
        "String" => FeatureKind::String,
        "Dictionary" => FeatureKind::Dictionary(match text(json, "keyType") {
            "Int64" => DictionaryKey::Int64,
            "String" => DictionaryKey::String,
            _ => DictionaryKey::Unspecified,
        }),
        "Image" => FeatureKind::Image(image(json)?),
        "MultiArray" | "State" => FeatureKind::Array(array(json)?),
        _ => return None,
    })
}

fn array(json: &Value) -> Option<ArrayFeature> {
    let dtype = match text(json, "dataType") {
        "Float32" => DType::Fp32,
        "Float16" => DType::Fp16,
        "Double" => DType::Fp64,
        "Int32" => DType::Int32,
        "Int8" => DType::Int8,
        _ => return None,
    };
    let mut array = ArrayFeature::new(dtype, numbers(text(json, "shape"))?)?;
    array.flexibility = match (text(json, "shapeRange"), text(json, "enumeratedShapes")) {
        ("", "") => None,
        (ranges, "") => Some(Flexibility::Ranges(size_ranges(ranges)?)),
        (_, shapes) => Some(Flexibility::Enumerated(lists(shapes)?)),
    };
    Some(array)
}

fn image(json: &Value) -> Option<ImageFeature> {
    let color = match text(json, "colorspace") {
        "RGB" => ColorSpace::Rgb,
        "BGR" => ColorSpace::Bgr,
        "Grayscale" => ColorSpace::Grayscale,
        // Written by compilers that are newer than the published source.
        "GrayscaleFloat16" | "Grayscale16Half" | "GrayscaleHalf" => ColorSpace::GrayscaleFloat16,
        _ => return None,
    };
    let size = |key| text(json, key).parse::<i64>().ok();
    let flexibility = match (text(json, "sizeRange"), text(json, "enumeratedSizes")) {
        ("", "") => None,
        (ranges, "") => match size_ranges(ranges)?[..] {
            [width, height] => Some(SizeFlexibility::Range(Some(width), Some(height))),
            _ => return None,
        },
        (_, sizes) => {
            let pair = |size: Vec<i64>| match size[..] {
                [width, height] => Some((u64::try_from(width).ok()?, u64::try_from(height).ok()?)),
                _ => None,
            };
            Some(SizeFlexibility::Enumerated(lists(sizes)?.into_iter().map(pair).collect::<Option<_>>()?))
        }
    };
    Some(ImageFeature { width: size("width")?, height: size("height")?, color: color.number(), flexibility })
}

fn numbers(text: &str) -> Option<Vec<i64>> {
    serde_json::from_str(text).ok()
}

fn lists(text: &str) -> Option<Vec<Vec<i64>>> {
    serde_json::from_str(text).ok()
}

fn size_ranges(text: &str) -> Option<Vec<SizeRange>> {
    let range = |bounds: Vec<i64>| match bounds[..] {
        [lower, upper] => Some(SizeRange { lower: u64::try_from(lower).ok()?, upper }),
        _ => None,
    };
    lists(text)?.into_iter().map(range).collect()
}
