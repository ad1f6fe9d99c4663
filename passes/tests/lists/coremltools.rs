//! coremltools' passes and ours: its pipeline under its ids, and the table that says what differs.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mil_pass::PassDef;
use mil_passes::{coremltools, registry};

use crate::common::bless;

const AGAIN: &str = "BLESS=1 cargo test -p mil-passes --test lists";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands before a program of coremltools that computes something else.
const WRONG: &str = "\n// wrong\n";

/// Why a pass is left out, where it is.
fn left_out(id: &str) -> Option<&'static str> {
    let mut reasons = coremltools::LEFT_OUT.iter().filter(|(left, _)| *left == id);
    reasons.next().map(|(_, reason)| *reason)
}

#[test]
fn the_pipeline_is_that_of_coremltools() {
    let registry = registry();
    assert_eq!(coremltools::PIPELINE.len(), 95 + 12);
    let mut there: Vec<&str> =
        coremltools::PIPELINE.iter().copied().filter(|id| registry.find(id).is_some()).collect();
    // The types of outputs that the converter asks for where its user names none.
    let at = there.iter().rposition(|id| *id == "common::update_output_dtypes").unwrap();
    there.insert(at + 1, "outputs_to_fp16");
    // Indices that it guards only where an earlier op has happened to leave them signed are guarded in any
    // case, by fewer ops.
    let at = there.iter().rposition(|id| *id == "mil_backend::fuse_pow2_sqrt").unwrap();
    there.insert(at + 1, "simplify_gather_indices");
    let json = serde_json::to_string_pretty(&there).unwrap() + "\n";
    bless(&root().join("pipelines/coremltools.json"), &json, AGAIN);
}

#[test]
fn a_pass_that_is_left_out_is_not_there() {
    for id in coremltools::IDS {
        let there = registry().find(id).is_some();
        assert!(!there || left_out(id).is_none(), "{id} is there, and left out");
    }
}

#[test]
fn the_table_is_fresh() {
    let registry = registry();
    let mut text = String::from(
        "# coremltools' passes and ours\n\n<!-- Generated: BLESS=1 cargo test -p mil-passes --test lists -->\n\n\
         Every pass of coremltools 9.0 and of its `main` branch of 2026. Under coremltools' id runs the same pass \
         with the patterns that coremltools has. A difference is a case in which coremltools leaves something else than ours \
         does; where that computes something else, its program stands in the case, and the test evaluates both.\n\n| coremltools | ours | only ours | differences |\n|---|---|---|---|\n",
    );
    for id in coremltools::IDS {
        let row = match (registry.find(id), left_out(id)) {
            (Some((def, _)), _) => row(id, def),
            (None, Some(reason)) => format!("| `{id}` | – | | {reason} |"),
            (None, None) => panic!("{id} is neither there nor left out"),
        };
        writeln!(text, "{row}").unwrap();
    }
    let order: Vec<String> = coremltools::PIPELINE
        .iter()
        .filter(|id| registry.find(id).is_none())
        .map(|id| format!("- `{id}`: {}", left_out(id).unwrap()))
        .collect();
    writeln!(
        text,
        "\n## The pipeline `coremltools`\n\nThe {} passes that coremltools 9.0 runs on a program, in its order, \
         its cast to fp16 included, and two of ours: `outputs_to_fp16`, as its converter makes outputs of fp16 from iOS16 \
         on unless types are named, and `simplify_gather_indices`. Of them are left out:\n",
        coremltools::PIPELINE.len()
    )
    .unwrap();
    let once = order.iter().enumerate().filter(|(at, line)| !order[..*at].contains(line));
    text += &once.map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
    text += "\n\n## What coremltools computes differently\n\nThe interpreter evaluates both programs of each case; \
             `tests/conformance/differences.py` does so by NumPy.\n\n| coremltools | case | the fault |\n|---|---|---|\n";
    for id in coremltools::IDS {
        let Some((def, _)) = registry.find(id) else { continue };
        for case in cases(def).iter().filter(|case| fs::read_to_string(case).unwrap().contains(WRONG)) {
            let fault = head(case).lines().next().unwrap().trim_start_matches("// ").replace('|', "\\|");
            writeln!(text, "| `{id}` | {} | {fault} |", link(case)).unwrap();
        }
    }
    bless(&root().join("../docs/generated/coremltools.md"), &text, AGAIN);
}

fn row(id: &str, def: &PassDef) -> String {
    let ours: Vec<String> = def
        .patterns
        .iter()
        .filter(|pattern| pattern.ours_only)
        .map(|pattern| format!("`{}`: {}", pattern.name, pattern.doc.trim().replace('|', "\\|")))
        .collect();
    let cases = cases(def).into_iter().filter(|file| head(file).contains("coremltools"));
    let differences: Vec<String> = cases.map(|case| link(&case)).collect();
    format!("| `{id}` | `{}` | {} | {} |", def.id, ours.join("; "), differences.join(", "))
}

/// The cases of a pass, sorted.
fn cases(def: &PassDef) -> Vec<PathBuf> {
    let source = root().parent().unwrap().join(def.file);
    files(&source.parent().unwrap().join("cases"))
}

/// A case, from where the table stands.
fn link(case: &Path) -> String {
    let path = case.strip_prefix(root()).unwrap().display().to_string();
    format!("[{}](../../passes/{path})", case.file_stem().unwrap().to_string_lossy())
}

/// The files of a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The comments at the head of a case.
fn head(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.split_inclusive('\n').take_while(|line| line.starts_with("//")).collect()
}
