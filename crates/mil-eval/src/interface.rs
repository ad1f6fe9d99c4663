//! Between what an app hands over and what a program computes with.

use indexmap::IndexMap;
use mil_ir::{
    ArrayFeature, DefaultNumber, Feature, FeatureKind, Flexibility, FunctionInterface, ImageFeature, Name,
    SizeFlexibility, SizeRange, Type,
};
use mil_ops::eval::{Array, Data, EvalError, EvalValue, Stored};
use mil_tensor::DType;

use crate::Error;

/// Arrays by feature name.
pub type Inputs = IndexMap<Name, Array>;

/// Values by feature name.
pub type Outputs = IndexMap<Name, EvalValue>;

/// An array of another element type: numbers are converted as `cast` does, saturating.
pub(crate) fn converted(array: &Array, dtype: DType, double: bool) -> Result<Array, EvalError> {
    if array.dtype() == dtype && (array.is_double() == double || !dtype.is_float()) {
        return Ok(array.clone());
    }
    let shape = array.shape();
    let data = match dtype {
        DType::Bool => bool::pack(array.bools()?.into_owned()),
        DType::String => return Err(EvalError::Type { wanted: "text", got: array.dtype() }),
        float if float.is_float() => {
            if double || dtype == DType::Fp64 {
                // What the app hands over is rounded to the element type first.
                let rounded = match (array.data(), dtype) {
                    (_, DType::Fp64) => array.reals::<f64>()?.into_owned(),
                    _ => {
                        let single = f32::pack(array.reals::<f32>()?.into_owned());
                        Array::new(dtype, shape, single)?.settle().reals::<f64>()?.into_owned()
                    }
                };
                f64::pack(rounded)
            } else {
                f32::pack(array.reals::<f32>()?.into_owned())
            }
        }
        DType::Int64 | DType::Uint32 | DType::Uint64 => i64::pack(match array.data() {
            Data::Single(_) | Data::Double(_) => array.reals::<f64>()?.iter().map(|&x| x as i64).collect(),
            _ => array.longs()?,
        }),
        _ => i32::pack(match array.data() {
            Data::Single(_) | Data::Double(_) => array.reals::<f64>()?.iter().map(|&x| x as i32).collect(),
            Data::Int(ints) => ints.to_vec(),
            _ => array.longs()?.into_iter().map(|x| x as i32).collect(),
        }),
    };
    Ok(Array::new(dtype, shape, data)?.settle())
}

/// The value of an input: what was handed over, in the type that the function declares; else the feature's
/// default.
pub(crate) fn input(
    function: &Name,
    name: &Name,
    ty: &Type,
    given: Option<&Array>,
    interface: Option<&FunctionInterface>,
    double: bool,
) -> Result<Array, Error> {
    let wrong = |got: String| Error::Input {
        function: function.clone(),
        input: name.clone(),
        wanted: ty.to_string(),
        got,
    };
    let tensor = ty.as_tensor().ok_or_else(|| wrong("an array".into()))?;
    let default;
    let given = match given {
        Some(given) => given,
        None => {
            let missing = || Error::MissingInput { function: function.clone(), input: name.clone() };
            default = default_value(interface.ok_or_else(missing)?, name, ty).ok_or_else(missing)?;
            &default
        }
    };
    let describe = || format!("{} {:?}", given.dtype(), given.shape());
    let mut array = converted(given, tensor.dtype, double).map_err(|error| wrong(error.to_string()))?;
    let Some(dims) = tensor.shape.dims() else {
        return Ok(array);
    };
    if array.rank() != dims.len() && array.len() == 1 && dims.len() <= 1 {
        // Core ML hands scalars over as one element.
        array = array.reshaped(&vec![1; dims.len()])?;
    }
    let fits = array.rank() == dims.len()
        && dims
            .iter()
            .zip(array.shape())
            .all(|(dim, &size)| dim.fixed().is_none_or(|dim| dim == size as u64));
    if !fits {
        return Err(wrong(describe()));
    }
    match interface.and_then(|found| forbidden(found.find(name)?, array.shape())) {
        Some(reason) => Err(Error::Shape {
            function: function.clone(),
            input: name.clone(),
            shape: array.shape().to_vec(),
            reason,
        }),
        None => Ok(array),
    }
}

/// Why an input may not have this shape; `None` where it may, or where the interface speaks of another rank.
fn forbidden(feature: &Feature, shape: &[usize]) -> Option<String> {
    match &feature.kind {
        Some(FeatureKind::Array(array)) => forbidden_array(array, shape),
        Some(FeatureKind::Image(image)) => forbidden_image(image, shape),
        _ => None,
    }
}

fn forbidden_array(array: &ArrayFeature, shape: &[usize]) -> Option<String> {
    let sizes: Vec<i64> = shape.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect();
    match &array.flexibility {
        Some(Flexibility::Enumerated(shapes)) => {
            let listed = || shapes.iter().map(|shape| format!("{shape:?}")).collect::<Vec<_>>().join(", ");
            let allowed = shapes.contains(&sizes) || array.shape == sizes;
            (!allowed).then(|| format!("it is one of {}", listed()))
        }
        Some(Flexibility::Ranges(ranges)) if ranges.len() == shape.len() => {
            let axis = ranges.iter().zip(&sizes).position(|(range, &size)| !range.contains(size))?;
            Some(format!("axis {axis} goes {}", in_words(ranges.get(axis)?)))
        }
        None if array.shape.len() == shape.len() && array.shape != sizes => {
            Some(format!("its shape is {:?}", array.shape))
        }
        _ => None,
    }
}

/// An image stands in the program as an array that ends in height and width.
fn forbidden_image(image: &ImageFeature, shape: &[usize]) -> Option<String> {
    let [.., height, width] = *shape else { return None };
    let (width, height) = (width as u64, height as u64);
    let is_default = Ok(width) == u64::try_from(image.width) && Ok(height) == u64::try_from(image.height);
    match &image.flexibility {
        None if image.width > 0 && !is_default => {
            Some(format!("it is {} wide and {} high", image.width, image.height))
        }
        Some(SizeFlexibility::Enumerated(sizes)) if !is_default && !sizes.contains(&(width, height)) => {
            let listed: Vec<String> =
                sizes.iter().map(|(width, height)| format!("{width} x {height}")).collect();
            Some(format!("it is one of {} (width x height)", listed.join(", ")))
        }
        Some(SizeFlexibility::Range(widths, heights)) => {
            let sides = [("width", widths, width), ("height", heights, height)];
            let beyond = sides.into_iter().find_map(|(side, range, size)| {
                let size = i64::try_from(size).unwrap_or(i64::MAX);
                range.as_ref().filter(|range| !range.contains(size)).map(|range| (side, range))
            });
            beyond.map(|(side, range)| format!("its {side} goes {}", in_words(range)))
        }
        _ => None,
    }
}

fn in_words(range: &SizeRange) -> String {
    match range.upper {
        ..0 => format!("from {} on", range.lower),
        upper => format!("from {} to {upper}", range.lower),
    }
}

/// The array that stands in for an optional input.
fn default_value(interface: &FunctionInterface, name: &Name, ty: &Type) -> Option<Array> {
    let feature = interface.inputs.iter().find(|feature| feature.name == *name && feature.optional)?;
    let Some(FeatureKind::Array(array)) = &feature.kind else { return None };
    let value = default_number(array);
    let declared: Option<Vec<usize>> = array.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = ty.fixed_shape().or(declared)?;
    let elements = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size))?;
    (elements <= 1 << 28).then(|| Array::filled(DType::Fp64, &shape, value, true).ok()).flatten()
}

/// The number that an array is filled with by default; 0 where the interface names none.
fn default_number(array: &ArrayFeature) -> f64 {
    match array.default_number() {
        Some(DefaultNumber::Int(value)) => f64::from(value),
        Some(DefaultNumber::Float(value)) => f64::from(value),
        Some(DefaultNumber::Double(value)) => value,
        None => 0.0,
    }
}

/// The value of an output in the element type that the interface declares. With doubles, floats stay as they
/// are.
pub(crate) fn output(
    function: &Name,
    name: &Name,
    value: EvalValue,
    interface: Option<&FunctionInterface>,
    double: bool,
) -> Result<EvalValue, Error> {
    let feature = interface.and_then(|found| found.outputs.iter().find(|feature| feature.name == *name));
    let (EvalValue::Array(array), Some(feature)) = (&value, feature) else {
        return Ok(value);
    };
    let dtype = match &feature.kind {
        Some(FeatureKind::Array(declared)) => declared.dtype(),
        Some(FeatureKind::Double) => Some(DType::Fp64),
        Some(FeatureKind::Int64) => Some(DType::Int64),
        _ => None,
    };
    match dtype {
        Some(dtype) if dtype != array.dtype() && !(double && dtype.is_float()) => {
            let converted = converted(array, dtype, double);
            let source = |source| Error::Output {
                function: function.clone(),
                output: name.clone(),
                source: Box::new(source),
            };
            Ok(converted.map_err(source)?.into())
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_beyond_the_interface_are_named() {
        let range = |lower, upper| SizeRange { lower, upper };
        let ranged = Flexibility::Ranges(vec![range(1, 1), range(2, 32), range(1, -1)]);
        let mut array =
            ArrayFeature { shape: vec![1, 6, 3], flexibility: Some(ranged), ..Default::default() };
        assert_eq!(forbidden_array(&array, &[1, 32, 999]), None);
        assert_eq!(forbidden_array(&array, &[1, 40, 3]).unwrap(), "axis 1 goes from 2 to 32");
        array.flexibility = Some(Flexibility::Enumerated(vec![vec![1, 6], vec![1, 8]]));
        assert_eq!(forbidden_array(&array, &[1, 8]), None);
        assert_eq!(forbidden_array(&array, &[1, 7]).unwrap(), "it is one of [1, 6], [1, 8]");
        array.flexibility = None;
        assert_eq!(forbidden_array(&array, &[1, 6, 3]), None);
        assert!(forbidden_array(&array, &[1, 6, 4]).is_some());
        let mut image = ImageFeature { width: 32, height: 24, ..Default::default() };
        assert_eq!(forbidden_image(&image, &[1, 3, 24, 32]), None);
        assert_eq!(forbidden_image(&image, &[1, 3, 32, 24]).unwrap(), "it is 32 wide and 24 high");
        image.flexibility = Some(SizeFlexibility::Range(Some(range(8, 64)), Some(range(8, -1))));
        assert_eq!(forbidden_image(&image, &[1, 3, 1000, 64]), None);
        assert_eq!(forbidden_image(&image, &[1, 3, 16, 65]).unwrap(), "its width goes from 8 to 64");
    }

    #[test]
    fn defaults_are_read_from_the_wire() {
        let number = |wire: &[u8]| {
            let mut array = ArrayFeature::new(DType::Fp32, vec![1]).unwrap();
            array.default_value = Some(wire.into());
            default_number(&array)
        };
        assert_eq!(number(&[0xC8, 0x02, 0xAC, 0x02]), 300.0);
        assert_eq!(number(&[0x9D, 0x03, 0, 0, 0xC0, 0x3F]), 1.5);
        assert_eq!(number(&[]), 0.0);
    }
}
