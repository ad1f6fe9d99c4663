//! `docs/generated/ops.md` says what the table says. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use mil_ops::{Family, OpDef};

#[test]
fn op_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/generated/ops.md");
    let text = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    } else {
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(old == text, "docs/generated/ops.md is stale: BLESS=1 cargo test -p mil-ops");
    }
}

fn page() -> String {
    let mut out = String::from(
        "# Ops\n\n\
         <!-- Generated from the op table: BLESS=1 cargo test -p mil-ops -->\n\n\
         Every op that milopt knows, by family. A version holds from its release until the next one. *constant*: must be known\n\
         when the program is compiled. A parameter with a default may be left out.\n\n",
    );
    summary(&mut out);
    for family in Family::ALL {
        let ops: Vec<&OpDef> = mil_ops::all().iter().copied().filter(|def| def.family == family).collect();
        write!(out, "\n## {family}\n").unwrap();
        for def in ops {
            write!(out, "\n### `{}`\n\n{}", def.name, mil_ops::describe(def, has_kernel(def))).unwrap();
        }
    }
    out
}

/// One row per op.
fn summary(out: &mut String) {
    out.push_str(
        "*Checks*: of every op the verifier holds parameters against the table: which there are, element types, constness and texts;\n\
         *more* are rules of the op's own. *Cases*: recorded calls with results that others computed, NumPy, SciPy, PyTorch or coremltools'\n\
         tests, which evaluation and inference are held against; a test fails where a parameter, a text or an element type of any version\n\
         has none. `crates/mil-ops/record` makes them.\n\n\
         | op | family | from | types | checks | evaluated | cases |\n|---|---|---|---|---|---|---|\n",
    );
    let (mut total, mut evaluated) = (0, 0);
    for def in mil_ops::all() {
        let since: Vec<String> = def.versions.iter().map(|version| version.since.to_string()).collect();
        let (name, cases) = (def.name, support::cases(def).len());
        let infer = if def.infer.is_some() { "inferred" } else { "" };
        let check = if def.check.is_some() { "more" } else { "parameters" };
        let eval = if has_kernel(def) { "yes" } else { "no" };
        total += cases;
        evaluated += usize::from(has_kernel(def));
        writeln!(
            out,
            "| [`{name}`](#{name}) | {} | {} | {infer} | {check} | {eval} | {cases} |",
            def.family,
            since.join(", ")
        )
        .unwrap();
    }
    writeln!(out, "\n{} ops, {evaluated} evaluated, {total} cases.", mil_ops::all().len()).unwrap();
}

/// The folder tells, so that the page does not depend on the feature `eval`.
fn has_kernel(def: &OpDef) -> bool {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(def.family.name()).join(def.name);
    folder.join("kernel.rs").exists()
}
