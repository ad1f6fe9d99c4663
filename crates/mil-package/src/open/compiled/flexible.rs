//! `FlexibleShapeInformation`: what compiled text says of the shapes that inputs may have.
//!
//! The compiler writes it as an attribute of a function: a tuple of named parts, `DefaultShapes` with a shape
//! for each input, and either `RangeDims` with a lower and an upper bound for each axis, or
//! `EnumeratedShapes` with a shape for each input under the name of each of the choices. In a package the
//! interface says all that, and no function has attributes.

use indexmap::IndexMap;
use mil_ir::text::derived_interface;
use mil_ir::{
    ArrayFeature, Feature, FeatureKind, Flexibility, Literal, LiteralData, Name, Program, SizeRange,
};

const ATTRIBUTE: &str = "FlexibleShapeInformation";

/// What is known of the shape of an input.
#[derive(Default)]
struct Shapes {
    default: Option<Vec<i64>>,
    ranges: Option<Vec<SizeRange>>,
    enumerated: Vec<Vec<i64>>,
}

/// Moves the shapes from the text of a program to its interface, if that says nothing but what follows from
/// the text.
///
/// An attribute of another form than the known one stays where it is.
pub(crate) fn take(program: &mut Program) {
    if !program.functions.values().any(|function| function.attributes.contains_key(ATTRIBUTE))
        || program.interface != derived_interface(program)
    {
        return;
    }
    for (name, function) in &mut program.functions {
        let Some(features) = program.interface.functions.get_mut(name) else { continue };
        let Some(inputs) = function.attributes.get(ATTRIBUTE).and_then(read) else { continue };
        let array = |feature: &Feature| match &feature.kind {
            Some(FeatureKind::Array(array)) => inputs.get(&feature.name)?.apply(array),
            _ => None,
        };
        let arrays: Option<Vec<(usize, ArrayFeature)>> = inputs
            .keys()
            .map(|name| {
                let index = features.inputs.iter().position(|feature| &feature.name == name)?;
                Some((index, array(&features.inputs[index])?))
            })
            .collect();
        let Some(arrays) = arrays else { continue };
        for (index, array) in arrays {
            features.inputs[index].kind = Some(FeatureKind::Array(array));
        }
        function.attributes.remove(ATTRIBUTE);
    }
}

impl Shapes {
    /// The array with these shapes; `None` if they have another rank.
    fn apply(&self, array: &ArrayFeature) -> Option<ArrayFeature> {
        let mut array = array.clone();
        let rank = array.shape.len();
        if let Some(default) = &self.default {
            array.shape.clone_from(default);
        }
        if let Some(ranges) = &self.ranges {
            array.flexibility = Some(Flexibility::Ranges(ranges.clone()));
        } else if !self.enumerated.is_empty() {
            array.flexibility = Some(Flexibility::Enumerated(self.enumerated.clone()));
        }
        let ranks = self.ranges.iter().map(Vec::len).chain(self.enumerated.iter().map(Vec::len));
        ranks.chain([array.shape.len()]).all(|found| found == rank).then_some(array)
    }
}

/// The inputs that the attribute speaks of.
fn read(attribute: &Literal) -> Option<IndexMap<Name, Shapes>> {
    let LiteralData::Tuple(parts) = &attribute.data else { return None };
    let mut inputs: IndexMap<Name, Shapes> = IndexMap::new();
    for part in parts {
        let LiteralData::Tuple(pair) = &part.data else { return None };
        let [name, value] = &pair[..] else { return None };
        match name.as_str()? {
            "DefaultShapes" => {
                for (name, shape) in entries(value)? {
                    inputs.entry(name).or_default().default = Some(sizes(shape)?);
                }
            }
            "RangeDims" => {
                for (name, bounds) in entries(value)? {
                    inputs.entry(name).or_default().ranges = Some(ranges(bounds)?);
                }
            }
            "EnumeratedShapes" => {
                for (_, choice) in entries(value)? {
                    for (name, shape) in entries(choice)? {
                        let known = &mut inputs.entry(name).or_default().enumerated;
                        let shape = sizes(shape)?;
                        if !known.contains(&shape) {
                            known.push(shape);
                        }
                    }
                }
            }
            _ => return None,
        }
    }
    // The first of the shapes is the default one, as in a package.
    for shapes in inputs.values_mut() {
        if let Some(default) = &shapes.default
            && let Some(at) = shapes.enumerated.iter().position(|shape| shape == default)
        {
            shapes.enumerated[..=at].rotate_right(1);
        }
    }
    Some(inputs)
}

fn entries(value: &Literal) -> Option<Vec<(Name, &Literal)>> {
    let LiteralData::Dict(pairs) = &value.data else { return None };
    pairs.iter().map(|(key, value)| Some((Name::from(key.as_str()?), value))).collect()
}

fn sizes(value: &Literal) -> Option<Vec<i64>> {
    let sizes = value.as_tensor()?.to_i64s().ok()?;
    sizes.iter().all(|&size| size > 0).then_some(sizes)
}

/// A list of pairs: lower and upper bound, which is negative where there is none.
fn ranges(value: &Literal) -> Option<Vec<SizeRange>> {
    let range = |bounds: &[i64]| match bounds {
        &[lower, upper] => Some(SizeRange { lower: u64::try_from(lower).ok()?, upper }),
        _ => None,
    };
    match &value.data {
        LiteralData::List(pairs) => {
            pairs.iter().map(|pair| range(&pair.as_tensor()?.to_i64s().ok()?)).collect()
        }
        LiteralData::Tensor(tensor) => tensor.to_i64s().ok()?.chunks(2).map(range).collect(),
        _ => None,
    }
}
