//! The lists of modules and the registry are what the folders say. `BLESS=1` rewrites them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const MARK: &str = "// Generated from the folders: BLESS=1 cargo test -p mil-ops\n";

#[test]
fn lists_are_fresh() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut ops: Vec<(String, String)> = Vec::new();
    for family in families(&src) {
        let found = folders(&src.join(&family));
        let path = src.join(&family).join("mod.rs");
        let text = fs::read_to_string(&path).unwrap();
        let start = text.find(MARK).expect("a family has a list of its ops") + MARK.len();
        let end = text[start..].find("\n\n").map_or(text.len(), |at| start + at + 1);
        let mut list = String::new();
        for op in &found {
            if op == "mod" {
                list.push_str("#[path = \"mod/mod.rs\"]\n");
            }
            writeln!(list, "pub mod {};", ident(op)).unwrap();
        }
        bless(&path, &text, &format!("{}{list}{}", &text[..start], &text[end..]));
        ops.extend(found.into_iter().map(|op| (op, family.clone())));
    }
    ops.sort();
    let mut list = format!("//! Every op, by name.\n\n{MARK}\nuse crate::OpDef;\n\n");
    list.push_str("#[rustfmt::skip]\npub(crate) static OPS: &[&OpDef] = &[\n");
    for (op, family) in &ops {
        writeln!(list, "    &crate::{family}::{}::DEF,", ident(op)).unwrap();
    }
    list.push_str("];\n");
    let path = src.join("registry.rs");
    bless(&path, &fs::read_to_string(&path).unwrap_or_default(), &list);
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

/// Folders of `src` that hold folders of ops.
fn families(src: &Path) -> Vec<String> {
    folders(src).into_iter().filter(|family| !folders(&src.join(family)).is_empty()).collect()
}

/// Folders with a `mod.rs` of their own.
fn folders(path: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("mod.rs").exists())
        .map(|path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort();
    found
}

fn bless(path: &Path, old: &str, new: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, new).unwrap();
    } else {
        assert!(old == new, "{} is stale: BLESS=1 cargo test -p mil-ops", path.display());
    }
}
