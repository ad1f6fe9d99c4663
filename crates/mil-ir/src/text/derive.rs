//! The interface of a program whose text has no `model` section.

use indexmap::IndexMap;
use mil_tensor::DType;

use crate::{
    ArrayFeature, Dim, Feature, FeatureKind, Flexibility, FunctionInterface, Interface, Name, Program,
    Release, SizeRange, Type, TypeKind,
};

/// The interface that a program's functions suggest: arrays, states and dictionaries as their values are
/// typed, and the oldest release that has all the opsets and features. Metadata, images and the like are
/// nobody's guess. A value of a type that no feature can have gives a feature without a type, which is not
/// written.
pub fn derived_interface(program: &Program) -> Interface {
    let multifunction = program.functions.len() > 1;
    let main = Name::from("main");
    let first = program.functions.keys().next();
    let default = if program.functions.contains_key(&main) { Some(&main) } else { first };
    let functions: IndexMap<Name, FunctionInterface> = program
        .functions
        .iter()
        .map(|(name, function)| {
            let mut features = FunctionInterface::default();
            let Some(graph) = function.graph() else { return (name.clone(), features) };
            for &input in graph.root().inputs() {
                let value = graph.value(input);
                let feature = feature(value.name(), kind(value.ty(), true));
                match value.ty().as_state() {
                    Some(_) => features.states.push(feature),
                    None => features.inputs.push(feature),
                }
            }
            for output in graph.root().outputs() {
                let value = graph.value(output);
                features.outputs.push(feature(value.name(), kind(value.ty(), false)));
            }
            (name.clone(), features)
        })
        .collect();
    let opsets = program.functions.values().filter_map(|function| function.opset.release());
    let release = opsets
        .chain(functions.values().map(FunctionInterface::least_release))
        .max()
        .unwrap_or(Release::IOS15);
    let release = if multifunction { release.max(Release::IOS18) } else { release };
    Interface {
        specification_version: release.specification_version(),
        functions,
        multifunction,
        default_function: default.filter(|_| multifunction).cloned(),
        ..Interface::default()
    }
}

fn feature(name: &Name, kind: Option<FeatureKind>) -> Feature {
    Feature { name: name.clone(), doc: String::new(), kind, optional: false, carried: None }
}

fn kind(ty: &Type, is_input: bool) -> Option<FeatureKind> {
    match ty.kind() {
        TypeKind::Tensor(tensor) => match (tensor.dtype, ty.rank()) {
            (DType::String, Some(0)) => Some(FeatureKind::String),
            (DType::Int64, Some(0)) => Some(FeatureKind::Int64),
            _ => array(ty, is_input).map(FeatureKind::Array),
        },
        TypeKind::State(contents) => Some(FeatureKind::State(array(contents, true))),
        TypeKind::Dict(key, _) => Some(FeatureKind::Dictionary(match key.dtype() {
            Some(DType::String) => crate::DictionaryKey::String,
            Some(DType::Int64) => crate::DictionaryKey::Int64,
            _ => crate::DictionaryKey::Unspecified,
        })),
        _ => None,
    }
}

/// As coremltools writes them: a scalar input has shape `[1]`, an output whose shape is not fixed has none.
fn array(ty: &Type, is_input: bool) -> Option<ArrayFeature> {
    let dims = ty.dims()?;
    let fixed = |dim: &Dim| dim.fixed().and_then(|size| i64::try_from(size).ok());
    let sizes: Option<Vec<i64>> = dims.iter().map(fixed).collect();
    let shape = match sizes {
        Some(sizes) if sizes.is_empty() && is_input => vec![1],
        Some(sizes) => sizes,
        None if is_input => dims.iter().map(|dim| fixed(dim).unwrap_or(1)).collect(),
        None => Vec::new(),
    };
    let mut array = ArrayFeature::new(ty.dtype()?, shape)?;
    if is_input && dims.iter().any(|dim| fixed(dim).is_none()) {
        let range = |dim: &Dim| match fixed(dim) {
            Some(size) => SizeRange { lower: size as u64, upper: size },
            None => SizeRange { lower: 1, upper: -1 },
        };
        array.flexibility = Some(Flexibility::Ranges(dims.iter().map(range).collect()));
    }
    Some(array)
}
