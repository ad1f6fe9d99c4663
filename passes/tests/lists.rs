//! The lists of passes are what the folders say. `BLESS=1` rewrites them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "../../crates/mil-ops/tests/common/mod.rs"]
mod common;

use std::path::Path;

use common::{bless, families, fill, folders};

const MARK: &str = "// Generated from the folders: BLESS=1 cargo test -p mil-passes\n";

#[test]
fn lists_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let themes = families(root);
    let mut passes: Vec<(String, String)> = Vec::new();
    for theme in &themes {
        // What several passes of a theme share may have a folder, too.
        let declares = |id: &String| {
            let source = std::fs::read_to_string(root.join(theme).join(id).join("mod.rs"));
            source.unwrap_or_default().contains("pass! {")
        };
        let ids: Vec<String> = folders(&root.join(theme)).into_iter().filter(declares).collect();
        let modules: String = ids.iter().map(|id| format!("mod {id};\n")).collect();
        let types: String = ids.iter().map(|id| format!("pub use {id}::{};\n", camel(id))).collect();
        fill(&root.join(theme).join("mod.rs"), MARK, &(modules + &types));
        passes.extend(ids.into_iter().map(|id| (id, theme.clone())));
    }
    let modules: String = themes.iter().map(|theme| format!("pub mod {theme};\n")).collect();
    let types: String =
        passes.iter().map(|(id, theme)| format!("pub use {theme}::{};\n", camel(id))).collect();
    fill(&root.join("lib.rs"), MARK, &(modules + &types));

    passes.sort();
    let list: String = passes.iter().map(|(id, _)| format!("    &crate::{}::DEF,\n", camel(id))).collect();
    let head =
        format!("//! Every pass.\n\n{MARK}\nuse mil_pass::PassDef;\n\n/// Every pass, sorted by id.\n");
    bless(&root.join("registry.rs"), &format!("{head}pub const PASSES: &[&PassDef] = &[\n{list}];\n"), MARK);
}

/// The type of a pass: its id in camel case.
fn camel(id: &str) -> String {
    let upper = |word: &str| word[..1].to_uppercase() + &word[1..];
    id.split('_').map(upper).collect()
}
