//! What crosses a cut, and in what form an app carries it from one part to the next.
//!
//! An app hands over arrays of floats and of 32-bit integers. What is of another type is cast to one that holds
//! every value of it, and back behind the cut; a scalar goes as an array of one element.

use std::collections::{BTreeMap, BTreeSet};

use mil_ir::{
    ArrayFeature, Dim, Feature, FeatureKind, Flexibility, FunctionInterface, Graph, Name, Opset, Program,
    Release, SizeRange, Type, ValueId,
};
use mil_ops::{Shapes, specialize};
use mil_tensor::DType;

use super::{MAIN, SurgeryError, refused};

/// A value that crosses a cut.
#[derive(Clone, Debug)]
pub(super) struct Carrier {
    /// The value.
    pub(super) value: ValueId,
    /// The feature that carries it.
    pub(super) name: Name,
    /// Element type of the value.
    pub(super) dtype: DType,
    /// The array that an app carries.
    pub(super) array: ArrayFeature,
    /// Element type of that array.
    pub(super) given: DType,
    /// The value is a scalar, and the array has one element.
    pub(super) is_scalar: bool,
    /// The value goes by its own name and type, as it is.
    pub(super) is_plain: bool,
}

impl Carrier {
    /// The feature of a part that gives or takes it.
    pub(super) fn feature(&self) -> Feature {
        Feature {
            name: self.name.clone(),
            doc: String::new(),
            kind: Some(FeatureKind::Array(self.array.clone())),
            optional: false,
            carried: None,
        }
    }
}

/// The element type in which an app carries values of another one, which it holds all of.
pub(super) fn carried_as(dtype: DType, release: Release) -> Option<DType> {
    Some(match dtype {
        DType::Fp32 | DType::Int32 => dtype,
        DType::Fp16 if release >= Release::IOS16 => dtype,
        DType::Int8 if release >= Release::IOS26 => dtype,
        DType::Fp16 | DType::Bf16 => DType::Fp32,
        DType::Bool => DType::Int32,
        // Narrower than 32 bits: all values fit.
        other if other.bits().is_some_and(|bits| bits < 32) && !other.is_float() => DType::Int32,
        _ => return None,
    })
}

/// Carriers for these values of a program of one function.
///
/// # Errors
///
/// If a value is of a type that an app cannot carry, or its sizes are not known.
pub(super) fn carriers(program: &Program, values: &[ValueId]) -> Result<Vec<Carrier>, SurgeryError> {
    let (Some(function), Some(features)) = (program.function(MAIN), program.interface.function(MAIN)) else {
        return refused("the program has no function");
    };
    let Some(graph) = function.graph() else { return refused("the function has no graph that runs") };
    let sizes = Sizes::of(program, graph, &function.opset, features)?;
    let release = function.opset.release().unwrap_or(Release::IOS15);
    let mut taken: BTreeSet<Name> = features.all().map(|feature| feature.name.clone()).collect();
    let mut all = Vec::new();
    for &value in values {
        let (name, ty) = (graph.value(value).name(), graph.value(value).ty());
        let dtype = ty.dtype().filter(|_| ty.as_tensor().is_some());
        let given = dtype.and_then(|dtype| carried_as(dtype, release));
        let (Some(dtype), Some(given)) = (dtype, given) else {
            return refused(format!("{name} is a {ty}, which no app can carry from one model to another"));
        };
        let is_scalar = ty.rank() == Some(0);
        let array = match is_scalar {
            true => ArrayFeature::new(given, vec![1]),
            false => sizes.array(value, given),
        };
        let Some(array) = array else {
            return refused(format!("{name} crosses the cut, and its sizes are not known"));
        };
        let mut outputs = features.outputs.iter().filter(|_| graph.is_output(value));
        let output = outputs.find(|feature| feature.name == *name);
        let same = output.is_none_or(|feature| feature.kind == Some(FeatureKind::Array(array.clone())));
        let is_plain = same && dtype == given && !is_scalar && is_free(name, output, &taken);
        let name = match is_plain || output.is_none() && is_free(name, None, &taken) {
            true => name.clone(),
            false => free_name(name, graph, &taken),
        };
        taken.insert(name.clone());
        all.push(Carrier { value, name, dtype, array, given, is_scalar, is_plain });
    }
    Ok(all)
}

/// A value's own name can be that of a feature.
fn is_free(name: &Name, output: Option<&Feature>, taken: &BTreeSet<Name>) -> bool {
    mil_ir::verify::name_fault("a feature", name).is_none() && (output.is_some() || !taken.contains(name))
}

/// A name like this that no feature and no value has.
fn free_name(base: &Name, graph: &Graph, taken: &BTreeSet<Name>) -> Name {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let mut base: String = base.chars().map(word).collect();
    if base.starts_with(|first: char| first.is_ascii_digit()) {
        base.insert(0, '_');
    }
    let candidates = std::iter::once(format!("{base}_cut")).chain((1..).map(|at| format!("{base}_cut_{at}")));
    let mut free =
        candidates.map(Name::from).filter(|name| !taken.contains(name) && !graph.has_value_named(name));
    free.next().unwrap_or_default()
}

/// The sizes that values have for the inputs that the interface allows.
struct Sizes {
    shapes: Shapes,
    /// Types at the default shapes, and at each place of sets of shapes.
    at: Vec<BTreeMap<ValueId, Type>>,
    /// Inputs have sets of shapes.
    is_enumerated: bool,
}

impl Sizes {
    fn of(
        program: &Program,
        graph: &Graph,
        opset: &Opset,
        features: &FunctionInterface,
    ) -> Result<Sizes, SurgeryError> {
        let shapes = Shapes::of(graph, opset, Some(features));
        let sets: Vec<BTreeMap<Name, Vec<u64>>> = places(features);
        let mut at = Vec::new();
        for shapes in &sets {
            let mut fixed = program.clone();
            specialize(&mut fixed, MAIN, shapes)?;
            let Some(graph) = fixed.graph(MAIN) else { continue };
            let root = graph.root().ops().flat_map(|op| graph.op(op).results()).copied();
            at.push(root.map(|value| (value, graph.value(value).ty().clone())).collect());
        }
        let is_enumerated = features.inputs.iter().any(|input| set(input).is_some());
        Ok(Sizes { shapes, at, is_enumerated })
    }

    /// The array that carries a value.
    fn array(&self, value: ValueId, dtype: DType) -> Option<ArrayFeature> {
        let default = fixed(self.at.first()?.get(&value)?)?;
        let mut array = ArrayFeature::new(dtype, default.clone())?;
        if self.is_enumerated {
            let all: Vec<Vec<i64>> =
                self.at.iter().map(|types| fixed(types.get(&value)?)).collect::<Option<_>>()?;
            if all.iter().any(|shape| *shape != default) {
                array.flexibility = Some(Flexibility::Enumerated(all));
            }
            return Some(array);
        }
        let declared = self.shapes.refined(value).and_then(Type::dims);
        let Some(dims) = declared else { return Some(array) };
        let ranges: Vec<SizeRange> = dims.iter().map(range).collect::<Option<_>>()?;
        if dims.iter().any(|dim| dim.fixed().is_none()) {
            array.flexibility = Some(Flexibility::Ranges(ranges));
        }
        Some(array)
    }
}

fn fixed(ty: &Type) -> Option<Vec<i64>> {
    ty.fixed_shape()?.into_iter().map(|size| i64::try_from(size).ok()).collect()
}

/// The sizes that an axis may have.
fn range(dim: &Dim) -> Option<SizeRange> {
    if let Some(size) = dim.fixed() {
        return Some(SizeRange { lower: size, upper: i64::try_from(size).ok()? });
    }
    let bounds = dim.expression()?.bounds();
    let lower = bounds.lower.and_then(|lower| u64::try_from(lower).ok()).unwrap_or(1);
    Some(SizeRange { lower, upper: bounds.upper.unwrap_or(-1) })
}

/// The shapes of the inputs: the default ones first, then those of each place of their sets.
fn places(features: &FunctionInterface) -> Vec<BTreeMap<Name, Vec<u64>>> {
    let unsigned =
        |shape: &[i64]| -> Option<Vec<u64>> { shape.iter().map(|&size| u64::try_from(size).ok()).collect() };
    let array = |feature: &Feature| match &feature.kind {
        Some(FeatureKind::Array(array)) => Some(array.shape.clone()),
        _ => None,
    };
    let default = features.inputs.iter().filter_map(|input| {
        let shape = unsigned(&array(input)?)?;
        (!shape.is_empty()).then(|| (input.name.clone(), shape))
    });
    let mut all = vec![default.collect()];
    let count = features.inputs.iter().filter_map(|input| set(input).map(|set| set.len())).max();
    for place in 0..count.unwrap_or(0) {
        let shapes: BTreeMap<Name, Vec<u64>> = features
            .inputs
            .iter()
            .filter_map(|input| match set(input) {
                Some(set) => Some((input.name.clone(), unsigned(set.get(place)?)?)),
                None => Some((input.name.clone(), unsigned(&array(input)?)?)).filter(|it| !it.1.is_empty()),
            })
            .collect();
        if !all.contains(&shapes) {
            all.push(shapes);
        }
    }
    all
}

/// The set of shapes of an input.
pub(super) fn set(feature: &Feature) -> Option<&Vec<Vec<i64>>> {
    match &feature.kind {
        Some(FeatureKind::Array(ArrayFeature {
            flexibility: Some(Flexibility::Enumerated(set)), ..
        })) => Some(set),
        _ => None,
    }
}
