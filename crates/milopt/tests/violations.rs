//! `docs/generated/violations.md` says what the tables of rules say. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn violations_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/generated/violations.md");
    let text = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    } else {
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(old == text, "docs/generated/violations.md is stale: BLESS=1 cargo test -p milopt");
    }
}

#[test]
fn codes_are_told_once() {
    let mut seen = BTreeSet::new();
    for rule in milopt::rules() {
        assert!(seen.insert(rule.code), "{} stands in two tables", rule.code);
    }
}

fn page() -> String {
    let mut out = String::from(
        "# Violations\n\n\
         <!-- Generated from the tables of rules: BLESS=1 cargo test -p milopt -->\n\n\
         What `milopt verify` finds, by code. *Source* says who states the rule: Apple's validator of specifications, the text of\n\
         the format, coremltools' Python, reports of what Core ML refuses, or the structure of a program itself. Codes of what is\n\
         not judged stand behind `unchecked:`.\n\n\
         | code | what must hold | source |\n|---|---|---|\n",
    );
    for rule in milopt::rules() {
        out.push_str(&format!("| `{}` | {} | {} |\n", rule.code, rule.holds, rule.source));
    }
    out
}
