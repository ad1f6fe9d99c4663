//! Every op has recorded cases, for every parameter, every text that it may be and every element type, in
//! every version.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use mil_ir::{Opset, Release};
use mil_ops::{DefaultValue, OpDef, Param, ParamKind, Version};
use serde_json::Value;

/// What has no case: op, parameter, a text or an element type (empty: all of the parameter), and why.
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[(
    "conv_quantized",
    "quantization_type",
    "lut",
    "no document says how the table is indexed and scaled; the kernel refuses it",
)];

/// The texts that a case is told by, of every value bound to a parameter.
fn bound<'a>(case: &'a Value, param: &str) -> Vec<&'a Value> {
    match &case["operands"][param] {
        Value::Null => Vec::new(),
        Value::Array(several) => several.iter().collect(),
        one => vec![one],
    }
}

/// Whether a value is another one than what holds where the parameter is left out.
fn is_chosen(param: &Param, value: &Value) -> bool {
    let elements = value["values"].as_array().cloned().unwrap_or_default();
    let all = |default: &dyn Fn(&Value) -> bool| !elements.is_empty() && elements.iter().all(default);
    match param.default {
        None | Some(DefaultValue::Absent | DefaultValue::Derived(_)) => true,
        Some(DefaultValue::Bool(default)) => !all(&|x| x.as_bool() == Some(default)),
        Some(
            DefaultValue::Int(default) | DefaultValue::EachAxis(default) | DefaultValue::EachSide(default),
        ) => !all(&|x| x.as_f64() == Some(f64::from(default))),
        Some(DefaultValue::Float(default)) => {
            !all(&|x| x.as_f64().is_some_and(|x| (x - default).abs() < 1e-9))
        }
        Some(DefaultValue::Str(default)) => !all(&|x| x.as_str() == Some(default)),
    }
}

/// The version that holds for a case.
fn version_of(def: &'static OpDef, case: &Value) -> Option<&'static Version> {
    def.version(Opset::new(case["opset"].as_str().unwrap()).release()?)
}

/// What the cases of a version leave out: parameter, text or element type.
fn gaps(version: &'static Version, cases: &[&Value]) -> Vec<(&'static str, String)> {
    let mut gaps = Vec::new();
    for param in version.params {
        let values: Vec<&Value> = cases.iter().flat_map(|case| bound(case, param.name)).collect();
        if !values.iter().any(|value| is_chosen(param, value)) {
            gaps.push((param.name, String::new()));
        }
        if param.default.is_some() && !cases.iter().any(|case| bound(case, param.name).is_empty()) {
            gaps.push((param.name, "left out".to_owned()));
        }
        for text in param.choices {
            if !values.iter().any(|value| value["values"][0].as_str() == Some(text)) {
                gaps.push((param.name, (*text).to_owned()));
            }
        }
        if param.kind == ParamKind::Tensor {
            for dtype in version.dtypes(param).unwrap_or_default() {
                if !values.iter().any(|value| value["type"].as_str() == Some(&dtype.to_string())) {
                    gaps.push((param.name, dtype.to_string()));
                }
            }
        }
    }
    gaps
}

#[test]
fn every_parameter_and_type_has_a_case() {
    let mut missing = Vec::new();
    let mut used = Vec::new();
    for &def in mil_ops::all() {
        let cases = support::cases(def);
        assert!(!cases.is_empty(), "{} has no cases", def.name);
        for version in def.versions.iter().filter(|version| holds(def, version)) {
            let of_version =
                |case: &&Value| version_of(def, case).is_some_and(|found| found.since == version.since);
            let own: Vec<&Value> = cases.iter().filter(of_version).collect();
            for (param, what) in gaps(version, &own) {
                let known = EXCEPTIONS
                    .iter()
                    .find(|e| (e.0, e.1) == (def.name, param) && [what.as_str(), ""].contains(&e.2));
                match known {
                    Some(exception) => used.push(exception),
                    None => missing.push(format!("{} ({}) {param} {what}", def.name, version.since)),
                }
            }
        }
    }
    assert!(missing.is_empty(), "{} without a case:\n{}", missing.len(), missing.join("\n"));
    let stale: Vec<_> = EXCEPTIONS.iter().filter(|exception| !used.contains(exception)).collect();
    assert!(stale.is_empty(), "exceptions that are none: {stale:?}");
}

/// Whether an ML Program can have this version of an op: they begin with iOS15.
fn holds(def: &OpDef, version: &Version) -> bool {
    Release::ALL.iter().any(|&target| {
        target >= Release::IOS15 && def.version(target).is_some_and(|found| found.since == version.since)
    })
}

#[test]
fn recorded_cases_say_what_computed_them() {
    for def in mil_ops::all() {
        for case in support::cases(def) {
            assert!(case["source"].as_str().is_some_and(|source| !source.is_empty()), "{}: {case}", def.name);
            assert!(version_of(mil_ops::def(def.name).unwrap(), &case).is_some(), "{}: {case}", def.name);
        }
    }
}
