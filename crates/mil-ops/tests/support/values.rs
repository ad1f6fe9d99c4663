//! Values as case files write them.

use mil_ops::eval::{Array, Stored};
use mil_tensor::DType;
use serde_json::Value;

pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("nan") => f64::NAN,
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => value.as_f64().unwrap(),
    }
}

pub(crate) fn dtype(name: &Value) -> DType {
    DType::from_name(name.as_str().unwrap()).unwrap()
}

pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub(crate) fn array(record: &Value) -> Array {
    let dtype = dtype(&record["type"]);
    let shape = sizes(&record["shape"]);
    let values = items(&record["values"]);
    let data = match dtype {
        DType::Bool => bool::pack(values.iter().map(|x| x.as_bool().unwrap()).collect()),
        DType::String => String::pack(values.iter().map(|x| x.as_str().unwrap().to_owned()).collect()),
        DType::Int64 | DType::Uint32 | DType::Uint64 => {
            i64::pack(values.iter().map(|x| x.as_i64().unwrap()).collect())
        }
        float if float.is_float() => f32::pack(values.iter().map(|x| number(x) as f32).collect()),
        _ => i32::pack(values.iter().map(|x| x.as_i64().unwrap() as i32).collect()),
    };
    Array::new(dtype, &shape, data).unwrap()
}

pub(crate) fn sizes(list: &Value) -> Vec<usize> {
    items(list).iter().map(|size| usize::try_from(size.as_u64().unwrap()).unwrap()).collect()
}
