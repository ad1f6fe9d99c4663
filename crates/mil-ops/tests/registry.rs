//! The lists of modules and the registry are what the folders say. `BLESS=1` rewrites them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::{bless, families, fill, folders};

const MARK: &str = "// Generated from the folders: BLESS=1 cargo test -p mil-ops\n";

#[test]
fn lists_are_fresh() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut ops: Vec<(String, String)> = Vec::new();
    for family in families(&src) {
        let found = folders(&src.join(&family));
        let mut list = String::new();
        for op in &found {
            if op == "mod" {
                list.push_str("#[path = \"mod/mod.rs\"]\n");
            }
            writeln!(list, "pub mod {};", ident(op)).unwrap();
        }
        fill(&src.join(&family).join("mod.rs"), MARK, &list);
        ops.extend(found.into_iter().map(|op| (op, family.clone())));
    }
    ops.sort();
    let mut list = format!("//! Every op, by name.\n\n{MARK}\nuse crate::OpDef;\n\n");
    list.push_str("#[rustfmt::skip]\npub(crate) static OPS: &[&OpDef] = &[\n");
    for (op, family) in &ops {
        writeln!(list, "    &crate::{family}::{}::DEF,", ident(op)).unwrap();
    }
    list.push_str("];\n");
    bless(&src.join("registry.rs"), &list, MARK);
}

#[test]
fn declarations_name_their_folder() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for def in mil_ops::all() {
        assert!(src.join(def.family.name()).join(def.name).join("mod.rs").exists(), "{}", def.name);
        assert_eq!(mil_ops::def(def.name), Some(*def));
    }
    assert!(mil_ops::def("custom_layer").is_none());
}

fn ident(op: &str) -> String {
    if matches!(op, "mod" | "const") { format!("r#{op}") } else { op.to_owned() }
}
