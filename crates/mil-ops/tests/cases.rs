//! Every op against numbers that others computed.
//!
//! `src/<family>/<op>/cases.json` holds calls of one op: operands by parameter, results, and how far from them we may be. They
//! are from coremltools 9.0's own op tests (Copyright (c) Apple Inc., BSD-3-Clause), whose expected values were computed by
//! NumPy, SciPy or PyTorch, or are stated as numbers; `source` names the test. Ids that begin with `extra/` are ours, with
//! values from NumPy or SciPy.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;

use mil_ir::{Name, Opset, Target, Type, TypeKind};
use mil_ops::eval::{Array, Bound, Context, Data, EvalOptions, EvalValue, List, Stored, call};
use mil_tensor::DType;
use serde_json::Value;

/// Ops that have no case of their own: they need an interpreter, a state, or another op beside them, or are tested below.
#[rustfmt::skip]
const WITHOUT: &[&str] = &[
    "classify", "cond", "const", "constexpr_lut_to_sparse", "constexpr_sparse_blockwise_shift_scale",
    "conv_quantized", "dequantize", "fill", "list_gather", "list_length", "list_read", "list_scatter", "list_write",
    "logical_and", "logical_not", "logical_or", "logical_xor", "make_list", "range_1d", "read_state", "while_loop",
    "write_state",
];

fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("nan") => f64::NAN,
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => value.as_f64().unwrap(),
    }
}

fn array(record: &Value) -> Array {
    let dtype = DType::from_name(record["type"].as_str().unwrap()).unwrap();
    let size = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let shape: Vec<usize> = record["shape"].as_array().unwrap().iter().map(size).collect();
    let values = record["values"].as_array().unwrap();
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

fn bound(operands: &Value) -> Bound {
    let bind = |(param, given): (&String, &Value)| {
        let values = match given.as_array() {
            Some(several) => several.iter().map(|one| array(one).into()).collect(),
            None => [EvalValue::from(array(given))].into_iter().collect(),
        };
        (Name::from(param.as_str()), values)
    };
    operands.as_object().unwrap().iter().map(bind).collect()
}

/// In what a result differs from what is wanted.
fn difference(wanted: &Array, got: &EvalValue, rtol: f64, atol: f64) -> Option<String> {
    let got = got.as_array()?;
    let scalars = wanted.len() == 1 && got.len() == 1 && wanted.rank().max(got.rank()) <= 1;
    if wanted.dtype() != got.dtype() || (wanted.shape() != got.shape() && !scalars) {
        let (dtype, shape) = (got.dtype(), got.shape());
        return Some(format!("{dtype} {shape:?}, wanted {} {:?}", wanted.dtype(), wanted.shape()));
    }
    let exact = !matches!(wanted.data(), Data::Single(_) | Data::Double(_));
    let (a, b) = (wanted.reals::<f64>().unwrap(), got.reals::<f64>().unwrap());
    let wrong = |(&a, &b): (&f64, &f64)| {
        if exact || a.is_infinite() || b.is_infinite() {
            a != b
        } else if a.is_nan() || b.is_nan() {
            a.is_nan() != b.is_nan()
        } else {
            (a - b).abs() > atol + rtol * a.abs()
        }
    };
    let at = a.iter().zip(b.iter()).position(wrong)?;
    Some(format!("element {at} is {}, wanted {}", b[at], a[at]))
}

fn check(def: &'static mil_ops::OpDef, case: &Value, options: &EvalOptions) -> Result<(), String> {
    let target = Opset::new(case["opset"].as_str().unwrap()).target().unwrap_or(Target::IOS18);
    let bound = bound(&case["operands"]);
    let wanted = case["results"].as_array().unwrap();
    let types = wanted.iter().map(|wanted| match wanted {
        Value::Null => Type::new(TypeKind::Unknown),
        known => Type::fixed(array(known).dtype(), array(known).shape()),
    });
    let types: Vec<Type> = types.collect();
    let context = Context { def, target, bound: &bound, results: &types, options, stream: 0, host: None };
    let results = call(&context).map_err(|error| error.to_string())?;
    if results.len() != wanted.len() {
        return Err(format!("{} results, not {}", results.len(), wanted.len()));
    }
    for (wanted, got) in wanted.iter().zip(&results).filter(|(wanted, _)| !wanted.is_null()) {
        let (rtol, atol) = (number(&case["rtol"]), number(&case["atol"]));
        if let Some(difference) = difference(&array(wanted), got, rtol, atol) {
            return Err(difference);
        }
    }
    Ok(())
}

#[test]
fn ops_agree_with_others() {
    let mut faults = Vec::new();
    let mut count = 0;
    for def in mil_ops::all() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(def.family.name()).join(def.name);
        let Ok(text) = std::fs::read_to_string(folder.join("cases.json")) else {
            assert!(WITHOUT.contains(&def.name), "{} has no cases.json", def.name);
            continue;
        };
        let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
        for case in &cases {
            for options in [EvalOptions::default(), EvalOptions::default().reproducible()] {
                count += 1;
                if let Err(fault) = check(def, case, &options) {
                    faults.push(format!("{} {}: {fault}", def.name, case["source"]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} of {count} wrong:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 1000, "only {count} cases were found");
}

fn run(kind: &str, bound: Bound) -> Vec<EvalValue> {
    let def = mil_ops::def(kind).unwrap();
    let options = EvalOptions::default();
    let context = Context {
        def,
        target: Target::IOS18,
        bound: &bound,
        results: &[],
        options: &options,
        stream: 0,
        host: None,
    };
    call(&context).unwrap()
}

fn one(param: &str, value: impl Into<EvalValue>) -> (Name, smallvec::SmallVec<[EvalValue; 1]>) {
    (param.into(), smallvec::smallvec![value.into()])
}

fn ints(dtype: DType, shape: &[usize], values: &[i32]) -> Array {
    Array::new(dtype, shape, i32::pack(values.to_vec())).unwrap()
}

#[test]
fn sparse_tables_keep_the_mask_and_the_elements() {
    let results = run(
        "constexpr_lut_to_sparse",
        vec![
            one("indices_mask", ints(DType::Uint1, &[2, 2], &[0, 1, 1, 0])),
            one("indices_nonzero_data", ints(DType::Uint1, &[2], &[1, 0])),
            one("lut", Array::from_vec(&[1, 1, 2, 2], vec![1.0_f32, 2.0, 3.0, 4.0]).unwrap()),
            one("vector_axis", Array::int(0)),
        ],
    );
    let wanted = [
        ints(DType::Uint1, &[4, 2], &[0, 1, 0, 1, 1, 0, 1, 0]),
        Array::from_vec(&[4], vec![3.0_f32, 4.0, 1.0, 2.0]).unwrap(),
    ];
    for (wanted, got) in wanted.iter().zip(&results) {
        assert_eq!(got.as_array(), Some(wanted));
    }
}

#[test]
fn sparse_scales_follow_the_blocks() {
    let results = run(
        "constexpr_sparse_blockwise_shift_scale",
        vec![
            one("data_mask", ints(DType::Uint1, &[2, 2], &[1, 0, 1, 1])),
            one("nonzero_data", ints(DType::Int8, &[3], &[10, 20, 30])),
            one("scale", Array::from_vec(&[2, 1], vec![0.5_f32, 2.0]).unwrap()),
            one("offset", ints(DType::Int8, &[2, 1], &[2, 10])),
        ],
    );
    let wanted = Array::from_vec(&[3], vec![4.0_f32, 20.0, 40.0]).unwrap();
    assert_eq!(results[1].as_array(), Some(&wanted));
}

#[test]
fn classes_are_told_by_the_first_largest_probability() {
    let labels = ["a", "b", "c"].map(|label| Some(Array::from_vec(&[], vec![label.to_owned()]).unwrap()));
    let classes = List { dtype: DType::String, elements: labels.to_vec().into(), growing: false };
    let results = run(
        "classify",
        vec![
            one("probabilities", Array::from_vec(&[1, 3], vec![0.2_f32, 0.4, 0.4]).unwrap()),
            one("classes", classes),
        ],
    );
    assert_eq!(results[0].as_array().unwrap().slice::<String>().unwrap(), ["b"]);
    assert!(matches!(&results[1], EvalValue::Dictionary(pairs) if pairs.len() == 3));
}

#[test]
fn logic_broadcasts() {
    let bools = |shape: &[usize], values: &[bool]| Array::from_vec(shape, values.to_vec()).unwrap();
    let (x, y) = (bools(&[2, 1], &[true, false]), bools(&[2], &[true, false]));
    for (kind, wanted) in [
        ("logical_and", [true, false, false, false]),
        ("logical_or", [true, true, true, false]),
        ("logical_xor", [false, true, true, false]),
    ] {
        let results = run(kind, vec![one("x", x.clone()), one("y", y.clone())]);
        assert_eq!(results[0].as_array(), Some(&bools(&[2, 2], &wanted)), "{kind}");
    }
    let results = run("logical_not", vec![one("x", y)]);
    assert_eq!(results[0].as_array(), Some(&bools(&[2], &[false, true])));
}

#[test]
fn values_are_dequantized_by_channel() {
    let results = run(
        "dequantize",
        vec![
            one("input", ints(DType::Int8, &[2, 2], &[-128, 127, 0, 10])),
            one("zero_point", ints(DType::Int8, &[2], &[-128, 10])),
            one("scale", Array::from_vec(&[2], vec![1.0_f32, 0.5]).unwrap()),
            one("axis", Array::int(0)),
        ],
    );
    let wanted = Array::from_vec(&[2, 2], vec![0.0_f32, 255.0, -5.0, 0.0]).unwrap();
    assert_eq!(results[0].as_array(), Some(&wanted));
}

#[test]
fn ranges_and_fills() {
    let number = |value: f32| Array::from_vec(&[], vec![value]).unwrap();
    let results =
        run("range_1d", vec![one("start", number(1.0)), one("end", number(2.0)), one("step", number(0.25))]);
    assert_eq!(results[0].as_array().unwrap().slice::<f32>().unwrap(), [1.0, 1.25, 1.5, 1.75]);
    let results = run(
        "range_1d",
        vec![one("start", Array::int(5)), one("end", Array::int(-2)), one("step", Array::int(-3))],
    );
    assert_eq!(results[0].as_array(), Some(&Array::ints(vec![5, 2, -1])));
    let results = run("fill", vec![one("shape", Array::ints(vec![2, 1])), one("value", Array::int(7))]);
    assert_eq!(results[0].as_array(), Some(&ints(DType::Int32, &[2, 1], &[7, 7])));
}

/// Operands that ask for more than there can be are refused: no abort, no panic.
#[test]
fn hostile_shapes_are_refused() {
    let refused = |kind: &str, bound: Bound| {
        let def = mil_ops::def(kind).unwrap();
        let options = EvalOptions::default();
        let context = Context {
            def,
            target: Target::IOS18,
            bound: &bound,
            results: &[],
            options: &options,
            stream: 0,
            host: None,
        };
        assert!(call(&context).is_err(), "{kind}");
    };
    let x = || Array::from_vec(&[1, 1, 2, 2], vec![1.0_f32, 2.0, 3.0, 4.0]).unwrap();
    let huge = || Array::ints(vec![i32::MAX; 4]);
    refused("fill", vec![one("shape", huge()), one("value", Array::int(1))]);
    refused("tile", vec![one("x", x()), one("reps", huge())]);
    refused("pad", vec![one("x", x()), one("pad", huge()), one("mode", text("replicate"))]);
    refused(
        "range_1d",
        vec![
            one("start", Array::from_vec(&[], vec![0_f32]).unwrap()),
            one("end", Array::from_vec(&[], vec![1e30_f32]).unwrap()),
            one("step", Array::from_vec(&[], vec![1e-30_f32]).unwrap()),
        ],
    );
    refused("one_hot", vec![one("indices", huge()), one("one_hot_vector_size", Array::int(i32::MAX))]);
    refused(
        "upsample_bilinear",
        vec![
            one("x", x()),
            one("scale_factor_height", Array::int(i32::MAX)),
            one("scale_factor_width", Array::int(i32::MAX)),
        ],
    );
    refused(
        "conv",
        vec![one("x", x()), one("weight", x()), one("pad_type", text("custom")), one("pad", huge())],
    );
    refused(
        "conv_transpose",
        vec![one("x", x()), one("weight", x()), one("strides", Array::ints(vec![i32::MAX; 2]))],
    );
    refused("random_normal", vec![one("shape", huge())]);
    refused(
        "slice_by_size",
        vec![one("x", x()), one("begin", Array::ints(vec![-9; 4])), one("size", huge())],
    );
    refused(
        "split",
        vec![one("x", x()), one("num_splits", Array::int(i32::MAX)), one("axis", Array::int(0))],
    );
    refused(
        "space_to_batch",
        vec![
            one("x", x()),
            one("block_shape", Array::ints(vec![2, 2])),
            one("paddings", Array::new(DType::Int32, &[2, 2], huge().data().clone()).unwrap()),
        ],
    );
    refused(
        "make_list",
        vec![
            one("init_length", Array::int(i32::MAX)),
            one("dynamic_length", Array::from_vec(&[], vec![true]).unwrap()),
            one("dtype", text("fp32")),
            one("elem_shape", Array::int(1)),
        ],
    );
}

fn text(value: &str) -> Array {
    Array::from_vec(&[], vec![value.to_owned()]).unwrap()
}
