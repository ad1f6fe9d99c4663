//! Before and After of every pass, and the cases in its folder: what the pass leaves, and that it still computes the same.

#![allow(clippy::unwrap_used, reason = "a failing test may panic anywhere")]

use std::path::{Path, PathBuf};

use mil_eval::{EvalOptions, Flavour, Numerics, random_inputs, verify};
use mil_ir::{Program, text};
use mil_pass::{PassDef, Pipeline, Runner};
use mil_passes::{PASSES, registry};

/// Between a case's program and what the pass leaves of it.
const MARK: &str = "// after\n";

/// A function, or several, as a whole program.
fn parse(functions: &str) -> Program {
    let text = format!("program(1.3)\n{{\n{functions}\n}}\n");
    text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The functions of a program as cases hold them: without what stands around them.
fn print(program: &Program) -> String {
    let text = text::print(program, &text::PrintOptions::apple().inline_all());
    let start = text.find("    func").unwrap_or(0);
    let end = text.rfind('}').unwrap_or(text.len());
    text[start..end].lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect()
}

fn run(def: &PassDef, options: &str, program: &mut Program) {
    let pipeline = Pipeline::parse(&format!("{}{options}", def.id), &registry()).unwrap();
    Runner::new().run(&pipeline, program).unwrap();
}

/// The pass makes `after` of `before`, and the two compute the same as far as its numerics class says.
fn check(def: &PassDef, options: &str, before: &str, after: &str) -> Result<(), String> {
    let original = parse(before);
    let mut program = original.clone();
    run(def, options, &mut program);
    let (got, wanted) = (print(&program), print(&parse(after)));
    if got != wanted {
        return Err(format!("the pass leaves\n{got}\nand not\n{wanted}"));
    }
    if got == print(&original) {
        return Ok(());
    }
    compare(&original, &program, def.numerics)
}

/// Both programs give the same on random inputs of every flavour, as far as the class says.
fn compare(original: &Program, program: &Program, class: Numerics) -> Result<(), String> {
    let options = EvalOptions::default().reproducible();
    for (name, old) in &original.functions {
        let new = &program.functions[name];
        let (before, after) = (old.graph().unwrap(), new.graph().unwrap());
        let flavours =
            if class.is_lossy() { &[Flavour::Normal, Flavour::Negative][..] } else { &Flavour::ALL };
        let inputs = flavours.iter().map(|&flavour| random_inputs(before, None, flavour, 7).unwrap());
        let inputs: Vec<_> = inputs.collect();
        let report = verify((before, &old.opset), (after, &new.opset), class, &inputs, &options);
        let report = report.map_err(|error| error.to_string())?;
        if report.failed > 0 {
            return Err(format!("the original cannot be evaluated for {} inputs", report.failed));
        }
        if let Some(found) = report.broken().next() {
            return Err(format!("{found:?} of {:?} inputs", flavours[found.input]));
        }
    }
    Ok(())
}

/// Fails with all that went wrong, each with its place.
fn report(failures: Vec<(String, Result<(), String>)>) {
    let lines: Vec<String> = failures
        .into_iter()
        .filter_map(|(place, result)| Some(format!("{place}: {}", result.err()?)))
        .collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// The fenced block after a heading of the documentation.
fn block<'a>(def: &'a PassDef, heading: &str) -> &'a str {
    let from = def.doc.find(heading).unwrap_or_else(|| panic!("{}: no heading {heading}", def.id));
    let rest = &def.doc[from..];
    let start = rest
        .find("```mil\n")
        .map(|at| at + 7)
        .unwrap_or_else(|| panic!("{}: no block after {heading}", def.id));
    rest[start..].split("```").next().unwrap_or("")
}

#[test]
fn before_becomes_after() {
    let all = PASSES
        .iter()
        .map(|def| (def.id.to_owned(), check(def, "", block(def, "# Before"), block(def, "# After"))));
    report(all.collect());
}

#[test]
fn a_second_run_changes_nothing() {
    for def in PASSES {
        let mut program = parse(block(def, "# Before"));
        run(def, "", &mut program);
        let once = print(&program);
        run(def, "", &mut program);
        assert_eq!(once, print(&program), "{}", def.id);
    }
}

/// Folders of passes: the parents of `mod.rs` that stand two levels down.
fn folder(def: &PassDef) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let themes = std::fs::read_dir(root).unwrap().flatten().map(|entry| entry.path());
    let folder = themes.map(|theme| theme.join(def.id)).find(|folder| folder.join("mod.rs").exists());
    folder.unwrap_or_else(|| panic!("{} has no folder of its name", def.id))
}

/// The files of a pass's cases, sorted.
fn files(def: &PassDef) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(def).join("cases")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// The name of a case: that of its file.
fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// One file: the pass leaves what stands in it; or, to bless, writes that.
fn case(def: &PassDef, file: &Path, bless: bool) -> Result<(), String> {
    let content = std::fs::read_to_string(file).unwrap();
    let (before, after) = content.split_once(MARK).unwrap_or((&content, ""));
    let options = before.lines().find_map(|line| line.strip_prefix("// options: ")).unwrap_or("");
    if bless {
        let mut program = parse(before);
        run(def, options, &mut program);
        std::fs::write(file, format!("{before}{MARK}{}", print(&program))).unwrap();
        return Ok(());
    }
    check(def, options, before, after)?;
    let refuses = stem(file).contains("refuses_");
    if refuses != (print(&parse(before)) == print(&parse(after))) {
        return Err(format!(
            "by its name, the pass changes {}",
            if refuses { "nothing" } else { "something" }
        ));
    }
    Ok(())
}

#[test]
fn cases_of_every_pass() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut results = Vec::new();
    for def in PASSES {
        for file in files(def) {
            // A file that does not parse fails by itself.
            let result = std::panic::catch_unwind(|| case(def, &file, bless));
            results.push((
                file.display().to_string(),
                result.unwrap_or_else(|_| Err("panics; see above".into())),
            ));
        }
    }
    report(results);
}

/// Each pattern has a case that it matches: a file whose name starts with the pattern's.
#[test]
fn every_pattern_has_a_case() {
    let mut missing = Vec::new();
    for def in PASSES {
        let names: Vec<String> =
            files(def).iter().map(|file| stem(file)).filter(|name| !name.contains("refuses_")).collect();
        if names.is_empty() {
            missing.push(def.id.to_owned());
        }
        let without = |name: &str| !names.iter().any(|case| case.starts_with(name));
        missing.extend(
            def.patterns.iter().filter(|p| without(p.name)).map(|p| format!("{}.{}", def.id, p.name)),
        );
    }
    assert!(missing.is_empty(), "no case: {}", missing.join(", "));
}

#[test]
fn declarations_are_sound() {
    let mut ids: Vec<&str> = PASSES.iter().map(|def| def.id).collect();
    let sorted = {
        let mut copy = ids.clone();
        copy.sort_unstable();
        copy
    };
    assert_eq!(ids, sorted, "PASSES is sorted by id");
    for def in PASSES {
        folder(def);
        assert!(!def.summary().is_empty(), "{} says what it does", def.id);
        let built = (def.build)(serde_json::json!({})).unwrap();
        for option in (def.options)() {
            assert_eq!(built.options()[option.name], option.default, "{}.{}", def.id, option.name);
            assert!(!option.doc.trim().is_empty(), "{}.{} says what it does", def.id, option.name);
        }
        assert!(
            (def.build)(serde_json::json!({"no_such_option": 1})).is_err(),
            "{} takes any option",
            def.id
        );
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
