//! Between what an app hands over and what a program computes with.

use indexmap::IndexMap;
use mil_ir::{FeatureKind, FunctionInterface, Name, Type};
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

/// The value of an input: what was handed over, in the type that the function declares; else the feature's default.
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
    Ok(array)
}

/// The array that stands in for an optional input.
fn default_value(interface: &FunctionInterface, name: &Name, ty: &Type) -> Option<Array> {
    let feature = interface.inputs.iter().find(|feature| feature.name == *name && feature.optional)?;
    let Some(FeatureKind::Array(array)) = &feature.kind else { return None };
    let value = default_number(array.default_value.as_deref().unwrap_or_default());
    let declared: Option<Vec<usize>> = array.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = ty.fixed_shape().or(declared)?;
    let elements = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size))?;
    (elements <= 1 << 28).then(|| Array::filled(DType::Fp64, &shape, value, true).ok()).flatten()
}

/// The number of a `defaultOptionalValue` field with its tag; 0 where there is none.
fn default_number(wire: &[u8]) -> f64 {
    match wire {
        // Field 41, a varint.
        [0xC8, 0x02, rest @ ..] => {
            let mut value = 0_u64;
            for (index, &byte) in rest.iter().take(10).enumerate() {
                value |= u64::from(byte & 0x7F) << (7 * index);
                if byte < 0x80 {
                    break;
                }
            }
            value as i64 as f64
        }
        // Field 51, a float.
        [0x9D, 0x03, a, b, c, d] => f64::from(f32::from_le_bytes([*a, *b, *c, *d])),
        // Field 61, a double.
        [0xE9, 0x03, a, b, c, d, e, f, g, h] => f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
        _ => 0.0,
    }
}

/// The value of an output in the element type that the interface declares. With doubles, floats stay as they are.
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
    fn defaults_are_read_from_the_wire() {
        assert_eq!(default_number(&[0xC8, 0x02, 0xAC, 0x02]), 300.0);
        assert_eq!(default_number(&[0x9D, 0x03, 0, 0, 0xC0, 0x3F]), 1.5);
        assert_eq!(default_number(&[]), 0.0);
    }
}
