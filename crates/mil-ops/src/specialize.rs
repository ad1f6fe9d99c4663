//! A function for inputs of fixed shapes.

use std::collections::BTreeMap;

use mil_ir::{
    Dim, Feature, FeatureKind, Flexibility, FunctionInterface, Graph, ImageFeature, Interface,
    InterfaceError, Name, Opset, Program, Shape, SizeFlexibility, Type, TypeKind, ValueId,
};

use crate::{Shapes, refine_type};

/// Why a function cannot be one for these shapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecializeError {
    /// The interface says something else.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    /// An input cannot have the shape.
    #[error("input {input} of function {function} cannot have the shape {shape:?}: {why}")]
    Shape {
        /// Function.
        function: Name,
        /// Input.
        input: Name,
        /// The shape that was asked for.
        shape: Vec<u64>,
        /// What stands against it.
        why: String,
    },
}

/// Fixes the shapes of some inputs of a function, and declares what follows from them.
///
/// An input that is named gets its shape in the interface and in every graph of the function. Where inputs
/// have sets of shapes, which Core ML matches by place, fixing one fixes the others. Then every result is
/// declared with the sizes that follow ([`Shapes`]), and outputs get them in the interface. Ops stay as they
/// are: those that compute sizes now compute constants, for `const_elimination` to fold.
///
/// # Errors
///
/// If there is no such function or input, or the input cannot have the shape. Then nothing changes.
pub fn specialize(
    program: &mut Program,
    function: &str,
    shapes: &BTreeMap<Name, Vec<u64>>,
) -> Result<(), SpecializeError> {
    let no_function = || InterfaceError::NoFunction(function.into());
    let features = program.interface.function(function).ok_or_else(no_function)?;
    let mut shapes = shapes.clone();
    matched_by_place(features, &mut shapes);
    for (name, shape) in &shapes {
        let no_feature = || InterfaceError::NoFeature(function.into(), name.clone());
        let feature = features.inputs.iter().find(|input| input.name == *name).ok_or_else(no_feature)?;
        let graphs = program.functions.get(function).into_iter();
        let graphs = graphs.flat_map(|function| function.specializations.values());
        let types: Vec<&Type> =
            graphs.filter_map(|graph| graph.input_named(name).map(|value| graph.value(value).ty())).collect();
        let why = shape_refusal(feature, shape).or_else(|| types.iter().find_map(|ty| mismatch(ty, shape)));
        if let Some(why) = why {
            let (function, input) = (function.into(), name.clone());
            return Err(SpecializeError::Shape { function, input, shape: shape.clone(), why });
        }
    }
    let mut result = program.clone();
    for (name, shape) in &shapes {
        fix_feature(&mut result.interface, function, name, shape)?;
    }
    let interface = result.interface.function(function).cloned();
    for (opset, graph) in result.functions.get_mut(function).into_iter().flat_map(|f| &mut f.specializations)
    {
        for (name, shape) in &shapes {
            fix_value(graph, name, shape);
        }
        declare(graph, opset, interface.as_ref());
    }
    fix_outputs(&mut result, function)?;
    *program = result;
    Ok(())
}

/// Declares every result with the sizes that follow from a graph's inputs, where they say more than what it
/// is declared with. Inner blocks keep what they declare: what enters a loop may change from round to round.
fn declare(graph: &mut Graph, opset: &Opset, interface: Option<&FunctionInterface>) {
    let shapes = Shapes::of(graph, opset, interface);
    let values: Vec<ValueId> = graph.walk().flat_map(|op| graph.op(op).results().to_vec()).collect();
    for value in values {
        let declared = graph.value(value).ty();
        let Some(known) = shapes.refined(value).and_then(numbers) else { continue };
        if let Some(ty) = refine_type(declared, &known).filter(|ty| ty != declared) {
            graph.retype(value, ty);
        }
    }
}

/// A type with those sizes that are numbers; the others are unknown.
fn numbers(ty: &Type) -> Option<Type> {
    let size = |dim: &Dim| dim.fixed().map_or(Dim::Unknown { variadic: false }, Dim::Fixed);
    Some(Type::tensor(ty.dtype()?, Shape::Ranked(ty.dims()?.iter().map(size).collect())))
}

/// Adds the shapes of inputs that have sets, where another input gets one of its set.
fn matched_by_place(features: &FunctionInterface, shapes: &mut BTreeMap<Name, Vec<u64>>) {
    let place = |feature: &Feature| {
        let shape = shapes.get(&feature.name)?;
        set(feature)?.iter().position(|other| other == shape)
    };
    let Some(place) = features.inputs.iter().find_map(place) else { return };
    for input in &features.inputs {
        if let Some(shape) = set(input).and_then(|set| set.get(place).cloned()) {
            shapes.entry(input.name.clone()).or_insert(shape);
        }
    }
}

/// The set of shapes of an array.
fn set(feature: &Feature) -> Option<Vec<Vec<u64>>> {
    match &feature.kind {
        Some(FeatureKind::Array(array)) => match &array.flexibility {
            Some(Flexibility::Enumerated(shapes)) => {
                let sizes = |shape: &Vec<i64>| shape.iter().map(|&size| u64::try_from(size).ok()).collect();
                shapes.iter().map(sizes).collect()
            }
            _ => None,
        },
        _ => None,
    }
}

/// Why a feature cannot have a shape; `None` if it can. The shape of an image is batch, channels, height, width.
pub fn shape_refusal(feature: &Feature, shape: &[u64]) -> Option<String> {
    let wide = |sizes: &[u64]| sizes.iter().map(|&size| i64::try_from(size).ok()).collect::<Option<Vec<_>>>();
    let Some(sizes) = wide(shape) else { return Some("a size is too large".into()) };
    match &feature.kind {
        Some(FeatureKind::Array(array)) => match &array.flexibility {
            Some(Flexibility::Enumerated(shapes)) => (!shapes.contains(&sizes))
                .then(|| format!("it is not one of its set: its shapes are {shapes:?}")),
            Some(Flexibility::Ranges(ranges)) if ranges.len() != sizes.len() => {
                Some(format!("it has {} axes", ranges.len()))
            }
            Some(Flexibility::Ranges(ranges)) => {
                let outside = sizes.iter().zip(ranges).position(|(&size, range)| !range.contains(size));
                outside.map(|axis| format!("axis {axis} ranges over {}", ranges[axis]))
            }
            None => (!array.shape.is_empty() && array.shape != sizes)
                .then(|| format!("its shape is fixed at {:?}", array.shape)),
        },
        Some(FeatureKind::Image(image)) => match shape {
            [1, _, height, width] => (!may_have(image, *width, *height))
                .then(|| format!("the image cannot be {width} wide and {height} high")),
            _ => Some("an image is one, of channels, height and width".into()),
        },
        _ => Some("it is neither an array nor an image".into()),
    }
}

/// An image may have this size.
fn may_have(image: &ImageFeature, width: u64, height: u64) -> bool {
    let is = |size: u64, default: i64| i64::try_from(size) == Ok(default);
    match &image.flexibility {
        None => is(width, image.width) && is(height, image.height),
        Some(SizeFlexibility::Enumerated(sizes)) => sizes.contains(&(width, height)),
        Some(SizeFlexibility::Range(widths, heights)) => {
            let within = |range: &Option<mil_ir::SizeRange>, size: u64, default: i64| match range {
                Some(range) => i64::try_from(size).is_ok_and(|size| range.contains(size)),
                None => is(size, default),
            };
            within(widths, width, image.width) && within(heights, height, image.height)
        }
    }
}

/// Why a value of this type cannot have a shape.
fn mismatch(ty: &Type, shape: &[u64]) -> Option<String> {
    let Some(dims) = ty.dims() else { return Some(format!("the program takes a {ty}")) };
    let fits = dims.len() == shape.len()
        && dims.iter().zip(shape).all(|(dim, &size)| dim.fixed().is_none_or(|fixed| fixed == size));
    (!fits).then(|| format!("the program takes a {ty}"))
}

/// Gives an input of a function this shape and no other, in the interface and in a graph. That the interface
/// allows it ([`shape_refusal`]) is the caller's to know.
///
/// # Errors
///
/// If there is no such input, or the graph takes another shape. Then nothing changes.
pub fn fix_input(
    interface: &mut Interface,
    function: &str,
    graph: &mut Graph,
    name: &str,
    shape: &[u64],
) -> Result<(), SpecializeError> {
    let missing = || InterfaceError::NoFeature(function.into(), name.into());
    let input = graph.input_named(name).ok_or_else(missing)?;
    if let Some(why) = mismatch(graph.value(input).ty(), shape) {
        let (function, input) = (function.into(), name.into());
        return Err(SpecializeError::Shape { function, input, shape: shape.to_vec(), why });
    }
    fix_feature(interface, function, name, shape)?;
    fix_value(graph, name, shape);
    Ok(())
}

/// Fixes the shape of an input in a graph; its type keeps what else it says.
fn fix_value(graph: &mut Graph, name: &str, shape: &[u64]) {
    let Some(input) = graph.input_named(name) else { return };
    let Some(mut tensor) = graph.value(input).ty().as_tensor().cloned() else { return };
    tensor.shape = Shape::Ranked(shape.iter().map(|&size| Dim::Fixed(size)).collect());
    graph.retype(input, Type::new(TypeKind::Tensor(tensor)));
}

/// Fixes the shape of a feature in the interface.
fn fix_feature(
    interface: &mut Interface,
    function: &str,
    name: &str,
    shape: &[u64],
) -> Result<(), InterfaceError> {
    let features = interface.function(function);
    let feature = features.and_then(|features| features.find(name));
    let is_image = feature.is_some_and(|feature| matches!(feature.kind, Some(FeatureKind::Image(_))));
    match *shape {
        [_, _, height, width] if is_image => {
            interface.resize_image(function, name, (width as i64, height as i64), None)
        }
        _ if is_image => Ok(()),
        _ => {
            let shape = shape.iter().map(|&size| size as i64).collect();
            interface.reshape_feature(function, name, shape, None)
        }
    }
}

/// Outputs whose shapes are known now are declared with them.
fn fix_outputs(program: &mut Program, function: &str) -> Result<(), InterfaceError> {
    let Some(graph) = program.graph(function) else { return Ok(()) };
    let known: Vec<(Name, Vec<usize>)> = graph
        .root()
        .outputs()
        .filter_map(|value| Some((graph.value(value).name().clone(), graph.value(value).ty().fixed_shape()?)))
        .collect();
    let Some(features) = program.interface.function(function).cloned() else { return Ok(()) };
    for (name, shape) in known {
        let Some(feature) = features.outputs.iter().find(|output| output.name == name) else { continue };
        let shape: Vec<u64> = shape.into_iter().map(|size| size as u64).collect();
        match &feature.kind {
            // A scalar may be an array of one element.
            Some(FeatureKind::Array(_)) if !shape.is_empty() => {
                fix_feature(&mut program.interface, function, &name, &shape)?
            }
            Some(FeatureKind::Image(_)) => fix_feature(&mut program.interface, function, &name, &shape)?,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mil_ir::text;

    use super::*;

    const PROGRAM: &str = "\
program(1.3)
{
    func main<ios17>(tensor<fp32, [1, ?]> x, tensor<fp32, [1, ?]> y) {
        tensor<fp32, [1, ?]> z = concat(axis = 1, interleave = bool(false), values = (x, y))[name = \"z\"];
    } -> (z);
}
model {
    specification_version = 8;
    function main {
        input x: array<fp32, [1, 2], enumerated = [[1, 2], [1, 4]]>;
        input y: array<fp32, [1, 3], enumerated = [[1, 3], [1, 5]]>;
        output z: array<fp32, []>;
    };
}
";

    fn specialized(shape: &[u64]) -> Result<Program, String> {
        let mut program = text::parse(PROGRAM).map_err(|error| error.to_string())?;
        let shapes = BTreeMap::from([("x".into(), shape.to_vec())]);
        specialize(&mut program, "main", &shapes).map_err(|error| error.to_string())?;
        assert!(crate::verify_program(&program).is_clean());
        Ok(program)
    }

    #[test]
    fn sets_are_matched_by_place_and_sizes_follow() {
        let program = specialized(&[1, 4]).unwrap();
        let text = text::print(&program, &text::PrintOptions::default());
        for line in [
            "func main<ios17>(tensor<fp32, [1, 4]> x, tensor<fp32, [1, 5]> y)",
            "tensor<fp32, [1, 9]> z = concat",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let output = program.interface.function("main").and_then(|features| features.find("z"));
        let Some(Some(FeatureKind::Array(array))) = output.map(|feature| &feature.kind) else {
            panic!("z is not an array")
        };
        assert_eq!((&array.shape[..], &array.flexibility), (&[1, 9][..], &None));
    }

    #[test]
    fn a_shape_that_the_interface_does_not_allow_is_refused() {
        let error = specialized(&[1, 3]).unwrap_err();
        assert!(error.contains("it is not one of its set"), "{error}");
    }
}
