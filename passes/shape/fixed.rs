//! Shapes of inputs: against what an interface allows, and fixed.

use mil_ir::{
    ArrayFeature, Dim, FeatureKind, Flexibility, FunctionInterface, Graph, ImageFeature, Interface,
    InterfaceError, Shape, SizeFlexibility, Type, TypeKind,
};
use mil_pass::PassError;

/// What an interface says against an input of this shape; `None` if it allows it.
pub(super) fn objection(features: &FunctionInterface, name: &str, shape: &[i64]) -> Option<String> {
    let Some(feature) = features.inputs.iter().find(|feature| *feature.name == *name) else {
        return Some(format!("there is no input {name}"));
    };
    match &feature.kind {
        Some(FeatureKind::Array(array)) => of_array(array, shape),
        Some(FeatureKind::Image(image)) => of_image(image, shape),
        _ => Some("it is neither an array nor an image".to_owned()),
    }
    .map(|reason| format!("input {name} cannot have shape {shape:?}: {reason}"))
}

fn of_array(array: &ArrayFeature, shape: &[i64]) -> Option<String> {
    match &array.flexibility {
        None if array.shape == shape => None,
        None => Some(format!("its shape is {:?}", array.shape)),
        Some(Flexibility::Enumerated(shapes)) if shapes.iter().any(|allowed| allowed == shape) => None,
        Some(Flexibility::Enumerated(shapes)) => Some(format!("its shapes are {shapes:?}")),
        Some(Flexibility::Ranges(ranges)) if ranges.len() != shape.len() => {
            Some(format!("it has {} axes", ranges.len()))
        }
        Some(Flexibility::Ranges(ranges)) => {
            let mut sizes = shape.iter().zip(ranges).enumerate();
            let (axis, (_, range)) = sizes.find(|(_, (size, range))| !range.contains(**size))?;
            Some(format!("axis {axis} ranges over {range}"))
        }
    }
}

/// The shape of an image is batch, channels, height, width.
fn of_image(image: &ImageFeature, shape: &[i64]) -> Option<String> {
    let &[_, _, height, width] = shape else { return Some("an image has four axes".to_owned()) };
    let allowed = match &image.flexibility {
        None => (width, height) == (image.width, image.height),
        Some(SizeFlexibility::Enumerated(sizes)) => {
            sizes.iter().any(|&(w, h)| (i64::try_from(w), i64::try_from(h)) == (Ok(width), Ok(height)))
        }
        Some(SizeFlexibility::Range(widths, heights)) => {
            widths.is_some_and(|range| range.contains(width))
                && heights.is_some_and(|range| range.contains(height))
        }
    };
    (!allowed).then(|| "its size is not among those that the interface has".to_owned())
}

/// Gives an input of a function this shape and no other, in the interface and in a graph: what a caller has
/// found to be allowed.
pub(super) fn fix_input(
    interface: &mut Interface,
    function: &str,
    graph: &mut Graph,
    name: &str,
    shape: &[i64],
) -> Result<(), PassError> {
    let missing = || InterfaceError::NoFeature(function.into(), name.into());
    let refused = |message: String| PassError::Refused(format!("input {name}: {message}"));
    let input = graph.input_named(name).ok_or_else(missing)?;
    let ty = graph.value(input).ty();
    let tensor = ty.as_tensor().ok_or_else(|| refused("it is not a tensor".to_owned()))?;
    let agrees =
        |(dim, &size): (&Dim, &i64)| dim.fixed().is_none_or(|fixed| i64::try_from(fixed) == Ok(size));
    let dims = tensor.shape.dims().filter(|dims| dims.len() == shape.len());
    if !dims.is_some_and(|dims| dims.iter().zip(shape).all(agrees)) {
        return Err(refused(format!("the program takes a {ty}")));
    }
    let sizes: Result<Vec<Dim>, _> = shape.iter().map(|&size| u64::try_from(size).map(Dim::Fixed)).collect();
    let mut fixed = tensor.clone();
    fixed.shape = Shape::Ranked(sizes.map_err(|_| refused("a size is negative".to_owned()))?);
    graph.retype(input, Type::new(TypeKind::Tensor(fixed)));
    let is_image = interface.function(function).and_then(|features| features.find(name));
    match is_image.and_then(|feature| feature.kind.as_ref()) {
        Some(FeatureKind::Image(_)) => {
            let &[_, _, height, width] = shape else { return Err(refused("an image has four axes".into())) };
            interface.resize_image(function, name, (width, height), None)?;
        }
        _ => interface.reshape_feature(function, name, shape.to_vec(), None)?,
    }
    Ok(())
}
