//! The table agrees with the op registry of coremltools 9.0, op by op.
//!
//! `facts/ops.json` lists that registry: for each op the versions in which something changed, with the
//! parameters, whether they must be constant, whether they may be left out, and the element types. What the
//! two cannot have in common:
//!
//! - `write_state` has no class in coremltools; it is made when a program is written.
//! - Parameters whose names begin with `_` are Python functions and blocks, which files hold as blocks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use mil_ir::Release;
use mil_ops::{OpDef, Param, ParamKind, Types, Version};
use serde_json::{Map, Value};

#[test]
fn table_agrees_with_the_registry() {
    let facts: Value = serde_json::from_str(include_str!("facts/ops.json")).unwrap();
    let ops = facts["ops"].as_object().unwrap();
    let known: Vec<&str> =
        mil_ops::all().iter().map(|def| def.name).filter(|&name| name != "write_state").collect();
    let mut wanted: Vec<&str> = ops.keys().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(known, wanted);
    for (name, versions) in ops {
        check_op(mil_ops::def(name).unwrap(), versions.as_object().unwrap());
    }
}

fn check_op(def: &OpDef, facts: &Map<String, Value>) {
    let since: Vec<Release> = def.versions.iter().map(|version| version.since).collect();
    let wanted: Vec<Release> = facts.keys().map(|name| Release::from_name(name).unwrap()).collect();
    assert_eq!(since, wanted, "{}", def.name);
    for (version, facts) in def.versions.iter().zip(facts.values()) {
        let context = format!("{} of {}", def.name, version.since);
        let params: Vec<(&String, &Value)> =
            facts["params"].as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('_')).collect();
        let names: Vec<&str> = version.params.iter().map(|param| param.name).collect();
        assert_eq!(names, params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), "{context}");
        for (param, (_, facts)) in version.params.iter().zip(params) {
            check_param(version, param, facts, &format!("{} of {context}", param.name));
        }
        let domains: Vec<(&str, Vec<String>)> = version
            .domains
            .iter()
            .map(|(id, dtypes)| (*id, sorted(dtypes.iter().map(|d| d.to_string()))))
            .collect();
        let wanted: Vec<(&str, Vec<String>)> = facts["type_domains"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, list)| (id.as_str(), texts(list)))
            .collect();
        assert_eq!(domains, wanted, "{context}");
    }
}

fn check_param(version: &Version, param: &Param, facts: &Value, context: &str) {
    let kind = match param.kind {
        ParamKind::Tensor => "tensor",
        ParamKind::Variadic => "tuple",
        ParamKind::List => "list",
        ParamKind::State => "state",
        ParamKind::Any => match param.name {
            "val" => "internal",
            _ => "listortensorordict",
        },
    };
    assert_eq!(facts["kind"], kind, "{context}");
    assert_eq!(facts["const"], param.constant, "{context}");
    assert_eq!(facts["optional"], param.default.is_some(), "{context}");
    match (&param.types, &facts["types"]) {
        (Types::Any, Value::Null) => {}
        (Types::Domain(id), Value::String(wanted)) => {
            assert_eq!(id, wanted, "{context}");
            assert!(version.dtypes(param).is_some(), "{context}");
        }
        (Types::Only(dtypes), list) => {
            assert_eq!(sorted(dtypes.iter().map(|dtype| dtype.to_string())), texts(list), "{context}");
        }
        (types, wanted) => panic!("{context}: {types:?}, not {wanted}"),
    }
}

fn texts(list: &Value) -> Vec<String> {
    sorted(list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

#[test]
fn declarations_are_complete_and_sound() {
    for def in mil_ops::all() {
        assert!(!def.doc.is_empty() && def.doc.ends_with('.'), "{}", def.name);
        assert!(def.infer.is_some(), "{}", def.name);
        assert!(def.versions.is_sorted_by(|a, b| a.since < b.since), "{}", def.name);
        for version in def.versions {
            for param in version.params {
                let context = format!("{} of {}", param.name, def.name);
                assert!(param.doc.ends_with('.'), "{context}");
                if let Some(mil_ops::DefaultValue::Str(text)) = param.default {
                    assert!(param.choices.is_empty() || param.choices.contains(&text), "{context}");
                }
            }
        }
    }
}
