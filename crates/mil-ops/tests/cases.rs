//! Every op against numbers that others computed.
//!
//! `src/<family>/<op>/` holds calls of one op: operands by parameter, results, and how far from them we may
//! be. `cases.json` is from coremltools 9.0's own op tests (Copyright (c) Apple Inc., BSD-3-Clause), whose
//! expected values were computed by NumPy, SciPy or PyTorch, or are stated as numbers; `source` names the
//! test. Ids that begin with `extra/` are ours, with values from NumPy or SciPy. `recorded.json` is what the
//! scripts in `record/` computed with NumPy, SciPy and PyTorch.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;
#[path = "support/values.rs"]
mod values;

use std::collections::BTreeMap;

use mil_ir::{Name, Opset, Release, Type, TypeKind};
use mil_ops::OpDef;
use mil_ops::eval::{
    Array, Bound, ClassLabel, Context, Data, EvalError, EvalOptions, EvalValue, Host, List, Precision, State,
    call,
};
use mil_tensor::DType;
use serde_json::Value;

use values::{array, dtype, items, number, sizes};

/// The values of a block, by name.
type Names = BTreeMap<String, EvalValue>;

/// An array whose floats are held as `f64` if `double`.
fn held(record: &Value, double: bool) -> Array {
    let array = array(record);
    if double { Array::from_tensor(&array.to_tensor().unwrap(), true).unwrap() } else { array }
}

/// A value of any form.
fn value(record: &Value, names: &Names, double: bool) -> EvalValue {
    if let Some(name) = record.get("value") {
        return names[name.as_str().unwrap()].clone();
    }
    if let Some(contents) = record.get("state") {
        return EvalValue::State(State::new(held(contents, double)));
    }
    if let Some(pairs) = record.get("dictionary") {
        let label = |label: &Value| match label.as_i64() {
            Some(number) => ClassLabel::Int(number),
            None => ClassLabel::Text(label.as_str().unwrap().to_owned()),
        };
        let pairs: Vec<_> = items(pairs).iter().map(|pair| (label(&pair[0]), number(&pair[1]))).collect();
        return EvalValue::Dictionary(pairs.into());
    }
    match record.get("list") {
        Some(name) => {
            let element = |element: &Value| (!element.is_null()).then(|| held(element, double));
            let elements: Vec<_> = items(&record["elements"]).iter().map(element).collect();
            let growing = record["growing"].as_bool().unwrap();
            List { dtype: dtype(name), elements: elements.into(), growing }.into()
        }
        None => held(record, double).into(),
    }
}

fn bound(operands: &Value, names: &Names, double: bool) -> Bound {
    let bind = |(param, given): (&String, &Value)| {
        let values = match given.as_array() {
            Some(several) => several.iter().map(|one| value(one, names, double)).collect(),
            None => [value(given, names, double)].into_iter().collect(),
        };
        (Name::from(param.as_str()), values)
    };
    operands.as_object().unwrap().iter().map(bind).collect()
}

/// Runs the blocks of a case: their ops, one after the other.
struct Blocks<'a> {
    case: &'a Value,
    target: Release,
    options: &'a EvalOptions,
}

impl Host for Blocks<'_> {
    fn run_block(&self, index: usize, inputs: &[EvalValue]) -> Result<Vec<EvalValue>, EvalError> {
        let block = &self.case["blocks"][index];
        let name = |name: &Value| name.as_str().unwrap().to_owned();
        let mut names: Names = items(&block["inputs"]).iter().map(name).zip(inputs.iter().cloned()).collect();
        for op in items(&block["ops"]) {
            let def = mil_ops::def(op["op"].as_str().unwrap()).unwrap();
            let (target, options) = (self.target, self.options);
            let bound = bound(&op["operands"], &names, is_double(options));
            let context =
                Context { def, target, bound: &bound, results: &[], options, stream: 0, host: None };
            names.extend(items(&op["results"]).iter().map(name).zip(call(&context)?));
        }
        Ok(items(&block["outputs"]).iter().map(|output| names[output.as_str().unwrap()].clone()).collect())
    }
}

/// In what an array differs from what is wanted.
fn array_difference(wanted: &Array, got: &Array, rtol: f64, atol: f64) -> Option<String> {
    let scalars = wanted.len() == 1 && got.len() == 1 && wanted.rank().max(got.rank()) <= 1;
    if wanted.dtype() != got.dtype() || (wanted.shape() != got.shape() && !scalars) {
        let (dtype, shape) = (got.dtype(), got.shape());
        return Some(format!("{dtype} {shape:?}, wanted {} {:?}", wanted.dtype(), wanted.shape()));
    }
    if let (Data::Text(a), Data::Text(b)) = (wanted.data(), got.data()) {
        return (a != b).then(|| format!("{b:?}, wanted {a:?}"));
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

/// In what a result differs from what is wanted.
fn difference(wanted: &EvalValue, got: &EvalValue, rtol: f64, atol: f64) -> Option<String> {
    match (wanted, got) {
        (EvalValue::Array(wanted), EvalValue::Array(got)) => array_difference(wanted, got, rtol, atol),
        (EvalValue::List(wanted), EvalValue::List(got)) => {
            let forms = |list: &List| (list.dtype, list.growing, list.elements.len());
            if forms(wanted) != forms(got) {
                return Some(format!("{:?}, wanted {:?}", forms(got), forms(wanted)));
            }
            wanted.elements.iter().zip(got.elements.iter()).find_map(|pair| match pair {
                (Some(wanted), Some(got)) => array_difference(wanted, got, rtol, atol),
                (wanted, got) => {
                    (wanted.is_some() != got.is_some()).then(|| format!("{got:?}, wanted {wanted:?}"))
                }
            })
        }
        (EvalValue::Dictionary(wanted), EvalValue::Dictionary(got)) => {
            (wanted != got).then(|| format!("{got:?}, wanted {wanted:?}"))
        }
        _ => Some(format!("{}, wanted {}", got.form(), wanted.form())),
    }
}

/// The declared types of the results of a case.
fn types(case: &Value) -> Vec<Type> {
    let of = |record: &Value| match (record.get("shape"), case.get("drawn")) {
        (Some(_), _) => Type::fixed(array(record).dtype(), array(record).shape()),
        (None, Some(drawn)) => Type::fixed(dtype(&drawn["type"]), &sizes(&drawn["shape"])),
        _ => Type::new(TypeKind::Unknown),
    };
    items(&case["results"]).iter().map(of).collect()
}

fn run(
    def: &'static OpDef,
    case: &Value,
    bound: &Bound,
    options: &EvalOptions,
) -> Result<Vec<EvalValue>, String> {
    let target = Opset::new(case["opset"].as_str().unwrap()).release().unwrap();
    let host = Blocks { case, target, options };
    let results = types(case);
    let context = Context { def, target, bound, results: &results, options, stream: 0, host: Some(&host) };
    call(&context).map_err(|error| error.to_string())
}

fn is_double(options: &EvalOptions) -> bool {
    options.precision == Precision::Double
}

fn check(def: &'static OpDef, case: &Value, options: &EvalOptions) -> Result<(), String> {
    let bound = bound(&case["operands"], &Names::new(), is_double(options));
    let results = run(def, case, &bound, options)?;
    let wanted = items(&case["results"]);
    if results.len() != wanted.len() {
        return Err(format!("{} results, not {}", results.len(), wanted.len()));
    }
    let (rtol, atol) = (number(&case["rtol"]), number(&case["atol"]));
    for (wanted, got) in wanted.iter().zip(&results).filter(|(wanted, _)| !wanted.is_null()) {
        if let Some(difference) = difference(&value(wanted, &Names::new(), false), got, rtol, atol) {
            return Err(difference);
        }
    }
    for (param, contents) in case.get("after").and_then(Value::as_object).into_iter().flatten() {
        let held = bound.iter().find(|(name, _)| name == param.as_str()).map(|(_, values)| &values[0]);
        let Some(EvalValue::State(state)) = held else { return Err(format!("{param} is no state")) };
        if let Some(difference) = array_difference(&array(contents), &state.read(), rtol, atol) {
            return Err(format!("the state: {difference}"));
        }
    }
    match case.get("drawn") {
        Some(law) => check_draws(def, case, law, &bound, options, results[0].as_array().unwrap()),
        None => Ok(()),
    }
}

/// Random numbers: their moments and range; the same again for the same seed, others for another.
fn check_draws(
    def: &'static OpDef,
    case: &Value,
    law: &Value,
    bound: &Bound,
    options: &EvalOptions,
    drawn: &Array,
) -> Result<(), String> {
    if drawn.dtype() != dtype(&law["type"]) || drawn.shape() != sizes(&law["shape"]) {
        return Err(format!("{} {:?}", drawn.dtype(), drawn.shape()));
    }
    let values = drawn.reals::<f64>().unwrap();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let std = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
    for (name, got) in [("mean", mean), ("std", std)] {
        let (wanted, slack) = (number(&law[name][0]), number(&law[name][1]));
        if (got - wanted).abs() > slack {
            return Err(format!("{name} is {got}, wanted {wanted} to within {slack}"));
        }
    }
    let within = |x: f64| {
        law["low"].as_f64().is_none_or(|low| x >= low)
            && law["high"].as_f64().is_none_or(|high| x <= high)
            && law["values"].as_array().is_none_or(|values| values.iter().any(|value| number(value) == x))
    };
    if let Some(x) = values.iter().find(|&&x| !within(x)) {
        return Err(format!("{x} is drawn"));
    }
    if run(def, case, bound, options)?[0].as_array() != Some(drawn) {
        return Err("the same seed gives other numbers".into());
    }
    let mut other = options.clone();
    other.seed += 1;
    let seeded = bound.iter().any(|(name, _)| name == "seed");
    if (run(def, case, bound, &other)?[0].as_array() == Some(drawn)) != seeded {
        return Err("numbers must follow the seed of the op, and without one that of the evaluation".into());
    }
    Ok(())
}

#[test]
fn ops_agree_with_others() {
    let mut faults = Vec::new();
    let mut count = 0;
    for def in mil_ops::all() {
        for case in &support::cases(def) {
            let rounds = case.get("rounds") == Some(&Value::Bool(true));
            let double = (!rounds).then(|| EvalOptions::default().double());
            let native = [EvalOptions::default(), EvalOptions::default().reproducible()];
            for options in native.into_iter().chain(double) {
                count += 1;
                if let Err(fault) = check(def, case, &options) {
                    faults.push(format!("{} {} {}: {fault}", def.name, case["opset"], case["source"]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} of {count} wrong:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 12_000, "only {count} calls were found");
}

fn one(param: &str, value: impl Into<EvalValue>) -> (Name, smallvec::SmallVec<[EvalValue; 1]>) {
    (param.into(), smallvec::smallvec![value.into()])
}

/// Operands that ask for more than there can be are refused: no abort, no panic.
#[test]
fn hostile_shapes_are_refused() {
    let refused = |kind: &str, bound: Bound| {
        let def = mil_ops::def(kind).unwrap();
        let options = EvalOptions::default();
        let context = Context {
            def,
            target: Release::IOS18,
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
