//! Which reasons for a miss no case reaches. The list may only shrink: a new guard comes with a case that it
//! refuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::Path;

use mil_cases::Suite;
use mil_passes::{PASSES, registry};

#[test]
fn reasons_that_no_case_reaches_only_become_fewer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let none = Suite::new(root, registry());
    let reached = PASSES.iter().fold(none, |suite, def| suite.pass(def)).reasons().unwrap();
    let mut unreached = BTreeSet::new();
    for file in sources(root) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(root).unwrap().display().to_string();
        for reason in reasons(&text) {
            let fixed: Vec<&str> = reason.split(['{', '}']).step_by(2).collect();
            if !reached.iter().any(|miss| fixed.iter().all(|part| miss.contains(part))) {
                unreached.insert(format!("{name}: {reason}\n"));
            }
        }
    }
    let list = root.join("tests/unreached_reasons.txt");
    let found: String = unreached.into_iter().collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&list, &found).unwrap();
    }
    let known = std::fs::read_to_string(list).unwrap_or_default();
    assert_eq!(found, known, "write a case that is refused for it, or take it off the list (`BLESS=1`)");
}

/// The sources of the passes and of what they share.
fn sources(root: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "tests" && name != "cases" {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The texts that are given to `No::miss` and `No::unless`: the last literal of each call.
fn reasons(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in ["No::miss(", "No::unless("] {
        for (at, _) in source.match_indices(call) {
            let arguments = balanced(&source[at + call.len()..]);
            let literals = arguments.split('"').skip(1).step_by(2);
            if let Some(last) = literals.last() {
                found.push(last.to_owned());
            }
        }
    }
    found
}

/// Up to the parenthesis that ends the call.
fn balanced(text: &str) -> &str {
    let mut depth = 1;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}
