//! Features against the values of a function: names, types, shapes, labels.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use mil_tensor::DType;

use crate::{
    ArrayFeature, ColorSpace, DictionaryKey, Dim, Feature, FeatureKind, Flexibility, FunctionInterface,
    Graph, ImageFeature, Name, SizeFlexibility, Type, TypeKind, ValueId,
};

type Add<'a> = &'a mut dyn FnMut(&'static str, Option<&Name>, String);

/// The features of a function and what its graph takes and gives.
pub(super) fn verify_features(graph: &Graph, features: &FunctionInterface, add: Add<'_>) {
    let inputs = Named::new(graph, graph.root().inputs().to_vec());
    let outputs = Named::new(graph, graph.root().outputs().collect());
    let groups = [
        ("input", &features.inputs, &inputs),
        ("output", &features.outputs, &outputs),
        ("state", &features.states, &inputs),
    ];
    for (role, features, values) in groups {
        for (at, feature) in features.iter().enumerate() {
            match values.find(&feature.name, at) {
                None => {
                    let message = format!("the function has no {role} of this name");
                    add("no-value", Some(&feature.name), message);
                }
                Some(value) => {
                    let ty = graph.value(value).ty();
                    if let Some(why) = mismatch(feature, ty, role == "input") {
                        let message = format!("the {role} is a {ty} in the program: {why}");
                        add("feature-type", Some(&feature.name), message);
                    }
                }
            }
        }
    }
    let known: OnceCell<HashSet<&Name>> = OnceCell::new();
    let is_known = |name: &Name| {
        known.get_or_init(|| features.all().map(|feature| &feature.name).collect()).contains(name)
    };
    let mut seen = HashSet::new();
    for (values, features) in [(&inputs, &features.inputs), (&outputs, &features.outputs)] {
        for (at, &value) in values.values.iter().enumerate() {
            let name = graph.value(value).name();
            let is_there = features.get(at).is_some_and(|feature| feature.name == *name) || is_known(name);
            if !is_there && seen.insert(name) {
                let message = format!("value {name} of the function's signature is not a feature");
                add("no-feature", None, message);
            }
        }
    }
    verify_labels(graph, features, add);
}

/// Values that are found by name: mostly where the feature of that name stands, too, so that the index is made
/// when it is first needed.
struct Named<'g> {
    graph: &'g Graph,
    values: Vec<ValueId>,
    index: OnceCell<HashMap<&'g Name, ValueId>>,
}

impl<'g> Named<'g> {
    fn new(graph: &'g Graph, values: Vec<ValueId>) -> Named<'g> {
        Named { graph, values, index: OnceCell::new() }
    }

    /// The value of this name, looked for at this place first.
    fn find(&self, name: &Name, at: usize) -> Option<ValueId> {
        let graph = self.graph;
        let here = self.values.get(at).copied().filter(|&value| graph.value(value).name() == name);
        let named = || self.values.iter().map(|&value| (graph.value(value).name(), value)).collect();
        here.or_else(|| self.index.get_or_init(named).get(name).copied())
    }
}

/// A classifier's op and its description name the same values.
fn verify_labels(graph: &Graph, features: &FunctionInterface, add: Add<'_>) {
    let names = [&features.predicted_feature, &features.predicted_probabilities];
    for name in names {
        if !name.is_empty() && !features.outputs.iter().any(|feature| feature.name == *name) {
            add("predicted-feature", None, format!("the predicted feature {name} is not an output"));
        }
    }
    let classify = graph.block(Graph::ROOT).ops().find(|&op| &**graph.op(op).kind() == "classify");
    let Some(classify) = classify else {
        if !features.predicted_probabilities.is_empty() {
            add(
                "classifier",
                None,
                "it predicts probabilities, but no op of the function is a classify".into(),
            );
        }
        return;
    };
    let results = graph.op(classify).results();
    for ((what, name), &result) in ["label", "probabilities"].iter().zip(names).zip(results) {
        let made = graph.value(result).name();
        if name != made {
            let message = match name.is_empty() {
                true => format!("the function has a classify, but no predicted {what}: {made} is"),
                false => format!("the predicted {what} is {name}, but the function's classify makes {made}"),
            };
            add("classifier", None, message);
        }
    }
}

/// Why a value of this type cannot be this feature.
fn mismatch(feature: &Feature, ty: &Type, is_input: bool) -> Option<String> {
    let one_of = |wanted: &str, dtypes: &[DType]| match ty.dtype() {
        Some(dtype) if dtypes.contains(&dtype) => None,
        _ => Some(format!("the feature is {wanted}")),
    };
    match &feature.kind {
        // Said of the feature by itself.
        None => None,
        Some(FeatureKind::Array(array)) => array_mismatch(array, ty, is_input),
        Some(FeatureKind::State(contents)) => match (ty.as_state(), contents) {
            (None, _) => Some("the feature is a state".into()),
            (Some(inner), Some(array)) => array_mismatch(array, inner, true),
            (Some(_), None) => None,
        },
        Some(FeatureKind::Image(image)) => image_mismatch(image, ty, is_input),
        Some(FeatureKind::Dictionary(key)) => {
            let found = match ty.kind() {
                TypeKind::Dict(found, _) => found.dtype(),
                _ => return Some("the feature is a dictionary".into()),
            };
            let fits = match key {
                DictionaryKey::Int64 => found == Some(DType::Int64),
                DictionaryKey::String => found == Some(DType::String),
                DictionaryKey::Unspecified => true,
            };
            (!fits).then(|| "the feature has keys of another type".into())
        }
        Some(FeatureKind::String) => one_of("a string", &[DType::String]),
        Some(FeatureKind::Int64) => one_of("an integer", &[DType::Int64, DType::Int32]),
        Some(FeatureKind::Double) => one_of("a double", &[DType::Fp64, DType::Fp32, DType::Fp16]),
        Some(FeatureKind::Sequence { .. }) => {
            (!matches!(ty.kind(), TypeKind::List(..))).then(|| "the feature is a sequence".into())
        }
    }
}

/// A scalar may be an array of one element, and an array without a shape is one whose shape is not declared.
fn array_mismatch(array: &ArrayFeature, ty: &Type, is_input: bool) -> Option<String> {
    let Some(tensor) = ty.as_tensor() else { return Some("the feature is an array".into()) };
    if let Some(dtype) = array.dtype()
        && dtype != tensor.dtype
        && !matches!(tensor.dtype, DType::Unknown(_))
    {
        return Some(format!("the feature has elements of type {dtype}"));
    }
    let dims = match tensor.shape.dims() {
        Some(dims) if !dims.contains(&Dim::Unknown { variadic: true }) => dims,
        // coremltools refuses inputs of unknown rank.
        _ if is_input => return Some("the rank of an input is known".into()),
        _ => return None,
    };
    let is_scalar = |shape: &[i64]| dims.is_empty() && shape == [1];
    let ranks: Vec<usize> = match &array.flexibility {
        Some(Flexibility::Enumerated(shapes)) => shapes.iter().map(Vec::len).collect(),
        Some(Flexibility::Ranges(ranges)) => vec![ranges.len()],
        None => Vec::new(),
    };
    let declared = (!array.shape.is_empty() && !is_scalar(&array.shape)).then_some(array.shape.len());
    if let Some(rank) = ranks.into_iter().chain(declared).find(|&rank| rank != dims.len() && rank > 0)
        && !(dims.is_empty() && rank == 1)
    {
        return Some(format!("the feature has {rank} axes"));
    }
    let is_fixed = dims.iter().all(|dim| dim.fixed().is_some());
    dims.iter().enumerate().find_map(|(axis, dim)| {
        let size = dim.fixed()?;
        if !may_have(array, axis, size) {
            return Some(format!("the feature cannot have {size} elements on axis {axis}"));
        }
        let varies = is_input && is_fixed && may_vary(array, axis);
        varies.then(|| format!("the feature may have other sizes than {size} on axis {axis}"))
    })
}

/// An axis of the array may have this size: the default one, or one within its flexibility. A value may be
/// narrower than its feature, as an output is whose size was computed and is now constant.
fn may_have(array: &ArrayFeature, axis: usize, size: u64) -> bool {
    let is = |known: &i64| i64::try_from(size) == Ok(*known);
    match &array.flexibility {
        Some(Flexibility::Ranges(ranges)) => {
            ranges.get(axis).is_none_or(|range| i64::try_from(size).is_ok_and(|size| range.contains(size)))
        }
        Some(Flexibility::Enumerated(shapes)) => shapes.iter().any(|shape| shape.get(axis).is_none_or(is)),
        None => array.shape.get(axis).is_none_or(is),
    }
}

/// An axis of the array has more than one size.
fn may_vary(array: &ArrayFeature, axis: usize) -> bool {
    match &array.flexibility {
        Some(Flexibility::Ranges(ranges)) => ranges.get(axis).is_some_and(|range| range.only().is_none()),
        Some(Flexibility::Enumerated(shapes)) => {
            let sizes: HashSet<Option<&i64>> = shapes.iter().map(|shape| shape.get(axis)).collect();
            sizes.len() > 1
        }
        None => false,
    }
}

/// An image is a tensor of four axes, channels first: one image, one or three channels.
fn image_mismatch(image: &ImageFeature, ty: &Type, is_input: bool) -> Option<String> {
    let Some([batch, channels, height, width]) = ty.dims() else {
        return Some("an image is a tensor of shape [1, channels, height, width]".into());
    };
    let is_gray = matches!(image.color_space(), Some(ColorSpace::Grayscale | ColorSpace::GrayscaleFloat16));
    let wanted = if is_gray { 1 } else { 3 };
    if batch.fixed().is_some_and(|batch| batch != 1) {
        return Some("it is one image at a time".into());
    }
    if image.color_space().is_some() && channels.fixed().is_some_and(|channels| channels != wanted) {
        return Some(format!("an image of this color space has {wanted} channels"));
    }
    if let Some(DType::Bool | DType::String | DType::Int64 | DType::Uint64 | DType::Fp64) = ty.dtype() {
        return Some("pixels are numbers of at most 32 bits".into());
    }
    let is_fixed = height.fixed().is_some() && width.fixed().is_some();
    [("width", width, 0, image.width), ("height", height, 1, image.height)].into_iter().find_map(
        |(what, dim, axis, size)| {
            let fixed = dim.fixed()?;
            let sizes = image_sizes(image, axis, size);
            match sizes {
                Sizes::These(sizes) if !sizes.contains(&fixed) => {
                    Some(format!("an image of another {what} than {fixed}"))
                }
                Sizes::These(sizes) if is_input && is_fixed && sizes.len() > 1 => {
                    Some(format!("an image whose {what} may differ"))
                }
                Sizes::Any if is_input && is_fixed => Some(format!("an image whose {what} may differ")),
                _ => None,
            }
        },
    )
}

/// The sizes that one axis of an image may have.
enum Sizes {
    These(HashSet<u64>),
    Any,
}

fn image_sizes(image: &ImageFeature, axis: usize, size: i64) -> Sizes {
    let default = || Sizes::These(u64::try_from(size).into_iter().collect());
    match &image.flexibility {
        None => default(),
        Some(SizeFlexibility::Enumerated(sizes)) => Sizes::These(
            sizes.iter().map(|&(width, height)| if axis == 0 { width } else { height }).collect(),
        ),
        Some(SizeFlexibility::Range(width, height)) => {
            match (if axis == 0 { width } else { height }).and_then(|range| range.only()) {
                Some(only) => Sizes::These(HashSet::from([only])),
                None => Sizes::Any,
            }
        }
    }
}
