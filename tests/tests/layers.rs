//! The layers of `docs/architecture.md`: which crate may stand on which.

use std::collections::BTreeMap;

/// Each package and what it may stand on directly.
const LAYERS: &[(&str, &[&str])] = &[
    ("mil-proto", &[]),
    ("mil-tensor", &[]),
    ("mil-compress", &["mil-tensor"]),
    ("mil-ir", &["mil-tensor"]),
    ("mil-ops", &["mil-ir", "mil-tensor"]),
    ("mil-generate", &["mil-ops", "mil-ir", "mil-tensor"]),
    ("mil-eval", &["mil-ops", "mil-ir", "mil-tensor"]),
    ("mil-package", &["mil-ir", "mil-proto", "mil-tensor"]),
    ("mil-pass", &["mil-ops", "mil-ir", "mil-tensor"]),
    ("mil-estimate", &["mil-ops", "mil-ir", "mil-tensor"]),
    (
        "mil-passes",
        &["mil-pass", "mil-compress", "mil-eval", "mil-estimate", "mil-ops", "mil-ir", "mil-tensor"],
    ),
    ("mil-cases", &["mil-pass", "mil-eval", "mil-ir"]),
    (
        "milopt",
        &[
            "mil-cases",
            "mil-compress",
            "mil-estimate",
            "mil-eval",
            "mil-ir",
            "mil-ops",
            "mil-package",
            "mil-pass",
            "mil-passes",
            "mil-tensor",
        ],
    ),
    ("milopt-cli", &["milopt"]),
    ("milopt-capi", &["milopt"]),
    ("milopt-web", &["milopt"]),
    ("milopt-snapshot", &["milopt"]),
    ("milopt-tests", &["milopt", "mil-generate"]),
];

#[test]
fn crates_stand_only_on_those_below() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut seen = 0;
    for manifest in milopt_tests::files(&milopt_tests::root(), "Cargo.toml") {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let Some(name) = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        else {
            continue;
        };
        // These stand outside the workspace.
        if matches!(name, "milopt-fuzz" | "milopt-python" | "own-passes") {
            continue;
        }
        let allowed = layers.get(name).unwrap_or_else(|| panic!("{name} has no place among the layers"));
        let dependencies =
            text.split("[dependencies]").nth(1).unwrap_or("").split("\n[").next().unwrap_or("");
        for line in dependencies.lines() {
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or("");
            if layers.contains_key(dependency) {
                assert!(allowed.contains(&dependency), "{name} must not stand on {dependency}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, LAYERS.len(), "every package stands in the table, and the table names no other");
}

/// Programs are held in petgraph in one folder. Elsewhere an algorithm may build a graph of its own inside a
/// function; no type of petgraph stands in a struct, a signature or a re-export there.
#[test]
fn only_the_graph_folder_holds_programs_in_petgraph() {
    let root = milopt_tests::root();
    for file in milopt_tests::files(&root, ".rs") {
        let home = file.strip_prefix(&root).unwrap();
        if home.starts_with("crates/mil-ir/src/graph") || home.starts_with("tests") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        if !text.contains("petgraph") {
            continue;
        }
        assert!(!home.starts_with("crates/mil-ir"), "{} has programs, and names petgraph", home.display());
        let held =
            ["StableGraph", "StableDiGraph", "NodeIndex", "EdgeIndex", "DiGraph", "UnGraph", "GraphMap"];
        for line in text.lines().filter(|line| held.iter().any(|name| line.contains(name))) {
            let outside = ["pub ", "struct ", "fn ", "impl ", "type "].iter().any(|word| line.contains(word));
            assert!(!outside, "{} hands petgraph on: {line}", home.display());
        }
    }
}

#[test]
fn only_the_border_reads_and_writes_files() {
    let root = milopt_tests::root();
    for folder in ["crates/mil-ir", "crates/mil-ops", "crates/mil-pass", "crates/mil-estimate", "passes"] {
        for file in milopt_tests::files(&root.join(folder), ".rs") {
            let home = file.strip_prefix(&root).unwrap().display().to_string();
            if home.contains("/tests/") || home.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or("");
            assert!(!code.contains("std::fs"), "{home} reads or writes files");
        }
    }
}
