//! Any pipeline of any passes, under any of their ids and with any options, means the same after it was
//! printed and read.

#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

use mil_pass::{OptionDef, PassDef, Pipeline};
use mil_passes::registry;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A step under each id, each option given or left out.
fn step() -> impl Strategy<Value = Value> {
    let ids: Vec<&'static str> = registry().ids().collect();
    prop::sample::select(ids).prop_flat_map(|id| {
        let (def, alias) = registry().find(id).unwrap();
        let own = (def.options)().into_iter().map(move |option| own_option(&option));
        let own: Vec<BoxedStrategy<Option<(String, Value)>>> = own.collect();
        (own, foreign_option(id), patterns(def)).prop_map(move |(own, foreign, patterns)| {
            // Under an alias, options have coremltools' names, of which some are ours as well.
            let own = own.into_iter().flatten().filter(|(name, _)| alias.is_none() || name != "max_elements");
            let options: Map<String, Value> = own.chain(foreign).chain(patterns).collect();
            if options.is_empty() { json!(id) } else { json!({"pass": id, "options": options}) }
        })
    })
}

/// A value of the type that the default has.
fn own_option(option: &OptionDef) -> BoxedStrategy<Option<(String, Value)>> {
    let value = match &option.default {
        Value::Bool(_) => any::<bool>().prop_map(Value::from).boxed(),
        Value::Number(_) => (0_u32..1_000_000).prop_map(Value::from).boxed(),
        Value::Null if option.name == "samples" => Just(json!("calls.npz")).boxed(),
        Value::Null => any::<f32>().prop_filter("JSON", |x| x.is_finite()).prop_map(Value::from).boxed(),
        Value::Object(_) => Just(json!({})).boxed(),
        _ => prop::collection::vec("[a-z_ ,{}=\"\\\\é]{0,6}", 0..3).prop_map(Value::from).boxed(),
    };
    let name = option.name;
    prop::option::of(value.prop_map(move |value| (name.to_owned(), value))).boxed()
}

/// Spellings that only coremltools has.
fn foreign_option(id: &str) -> BoxedStrategy<Option<(String, Value)>> {
    match id {
        "common::const_elimination" => {
            let sizes = prop_oneof![Just(json!("1e6")), Just(json!(40)), Just(json!("7"))];
            prop::option::of(sizes.prop_map(|size| ("skip_const_by_size".to_owned(), size))).boxed()
        }
        "common::add_fp16_cast" => {
            let types = prop_oneof![Just(json!("conv,linear")), Just(json!("gelu")), Just(json!(""))];
            prop::option::of(types.prop_map(|types| ("skip_ops_by_type".to_owned(), types))).boxed()
        }
        _ => Just(None).boxed(),
    }
}

/// Some patterns switched off, or some alone left on.
fn patterns(def: &'static PassDef) -> BoxedStrategy<Option<(String, Value)>> {
    let names: Vec<&str> = def.patterns.iter().map(|pattern| pattern.name).collect();
    let some = prop::sample::subsequence(names.clone(), 0..=names.len());
    let key = prop::sample::select(vec!["disable", "only"]);
    prop::option::of((key, some).prop_map(|(key, names)| (key.to_owned(), json!(names)))).boxed()
}

fn pipeline() -> impl Strategy<Value = Value> {
    let steps = prop::collection::vec(step(), 0..4).prop_map(Value::Array);
    steps.prop_recursive(3, 12, 4, |inner| {
        let fixpoint = (inner, 0_usize..9).prop_map(|(steps, max)| json!({"fixpoint": steps, "max": max}));
        prop::collection::vec(prop_oneof![step(), fixpoint], 0..4).prop_map(Value::Array)
    })
}

/// All that a pipeline does: ids, the options that hold, patterns that are off.
fn meaning(pipeline: &Pipeline) -> Vec<(&'static str, Map<String, Value>, Vec<&'static str>)> {
    let passes = pipeline.passes();
    passes.map(|pass| (pass.id(), pass.pass().options(), pass.disabled().to_vec())).collect()
}

proptest! {
    #[test]
    fn pipelines_round_trip_through_text_and_json(json in pipeline()) {
        let registry = registry();
        let read = Pipeline::from_json(&json.to_string(), &registry).unwrap();
        prop_assert_eq!(read.to_json().to_string(), json.to_string());
        let text = read.to_string();
        let again = Pipeline::parse(&text, &registry).unwrap();
        prop_assert_eq!(again.to_string(), text);
        prop_assert_eq!(again.to_json(), read.to_json());
        prop_assert_eq!(meaning(&again), meaning(&read));
    }
}
