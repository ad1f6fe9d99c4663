//! What all declarations have in common.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may panic anywhere")]

use std::path::Path;

use mil_pass::Pipeline;
use mil_passes::{PASSES, registry};
use serde_json::{Map, json};

#[test]
fn declarations_are_sound() {
    let mut ids: Vec<&str> = PASSES.iter().map(|def| def.id).collect();
    for def in PASSES {
        let theme = def.theme().unwrap_or_else(|| panic!("{} has a folder of its name", def.id));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(theme).join(def.id).join("mod.rs");
        assert!(source.exists(), "{}", source.display());
        assert!(!def.summary().is_empty(), "{} says what it does", def.id);
        let built = (def.build)(Map::new()).unwrap();
        for option in (def.options)() {
            assert_eq!(built.options()[option.name], option.default, "{}.{}", def.id, option.name);
            assert!(!option.doc.trim().is_empty(), "{}.{} says what it does", def.id, option.name);
        }
        let unknown = Map::from_iter([("no_such_option".to_owned(), json!(1))]);
        assert!((def.build)(unknown).is_err(), "{} takes any option", def.id);
        for pattern in def.patterns {
            for anchor in pattern.anchors {
                assert!(mil_ops::def(anchor).is_some(), "{}.{} looks at {anchor}", def.id, pattern.name);
            }
        }
        ids.extend(def.aliases.iter().map(|alias| alias.id));
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id or alias twice");
}

#[test]
fn named_pipelines_round_trip() {
    let registry = registry();
    for name in registry.pipelines() {
        let pipeline = registry.pipeline(name).unwrap().unwrap();
        let text = pipeline.to_string();
        assert_eq!(Pipeline::parse(&text, &registry).unwrap().to_string(), text, "{name}");
        let json = pipeline.to_json().to_string();
        assert_eq!(Pipeline::from_json(&json, &registry).unwrap().to_string(), text, "{name}");
    }
}
