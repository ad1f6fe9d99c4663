//! `docs/generated/ops.md` says what the table says. `BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use mil_ops::{DefaultValue, Effect, Family, OpDef, Param, ParamKind, Types, Version};

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
            op(&mut out, def);
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

fn op(out: &mut String, def: &OpDef) {
    write!(out, "\n### `{}`\n\n{}\n", def.name, def.doc).unwrap();
    let mut facts: Vec<String> = def.traits.iter().map(|fact| format!("{fact:?}").to_lowercase()).collect();
    facts.extend(match def.effect {
        Effect::Pure => None,
        Effect::ReadsState => Some("reads a state".to_owned()),
        Effect::WritesState => Some("writes a state".to_owned()),
        Effect::Random => Some("random".to_owned()),
    });
    facts.extend(def.infer.map(|_| "types inferred".to_owned()));
    facts.extend(def.check.map(|_| "further checks".to_owned()));
    facts.extend(has_kernel(def).then(|| "evaluated".to_owned()));
    writeln!(out, "\n{}.", capital(&facts.join(" · "))).unwrap();
    for version in def.versions {
        write!(out, "\n**{}**", version.since).unwrap();
        for (id, dtypes) in version.domains {
            let dtypes: Vec<String> = dtypes.iter().map(ToString::to_string).collect();
            write!(out, " · {id}: {}", dtypes.join(", ")).unwrap();
        }
        out.push('\n');
        if !version.params.is_empty() {
            out.push_str("\n| parameter | type | default | |\n|---|---|---|---|\n");
        }
        for param in version.params {
            row(out, version, param);
        }
    }
}

fn row(out: &mut String, version: &Version, param: &Param) {
    let form = match param.kind {
        ParamKind::Tensor => "",
        ParamKind::Variadic => "several values",
        ParamKind::List => "list",
        ParamKind::State => "state",
        ParamKind::Any => "any value",
    };
    let dtypes = match param.types {
        Types::Domain(id) => id.to_owned(),
        Types::Only(_) => {
            let dtypes = version.dtypes(param).unwrap_or_default();
            dtypes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Types::Any if param.kind == ParamKind::Tensor => "any".to_owned(),
        Types::Any => String::new(),
    };
    let constant = if param.constant { "constant" } else { "" };
    let ty: Vec<&str> = [constant, form, &dtypes].into_iter().filter(|part| !part.is_empty()).collect();
    let mut doc = param.doc.replace('|', "\\|");
    if !param.choices.is_empty() {
        write!(
            doc,
            " One of {}.",
            param.choices.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
        )
        .unwrap();
    }
    writeln!(out, "| `{}` | {} | {} | {doc} |", param.name, ty.join(" "), default(param)).unwrap();
}

fn default(param: &Param) -> String {
    match param.default {
        None => String::new(),
        Some(DefaultValue::Absent) => "none".to_owned(),
        Some(DefaultValue::Bool(value)) => format!("`{value}`"),
        Some(DefaultValue::Int(value)) => format!("`{value}`"),
        Some(DefaultValue::Float(value)) => format!("`{value:?}`"),
        Some(DefaultValue::Str(text)) => format!("`{text}`"),
        Some(DefaultValue::EachAxis(value)) => format!("`{value}` per spatial axis"),
        Some(DefaultValue::EachSide(value)) => format!("`{value}` per side of a spatial axis"),
        Some(DefaultValue::Derived(rule)) => rule.to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
