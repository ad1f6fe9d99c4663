//! What the documents of `--json` hold: `json.tsv` says it key by key, the commands there are run, and
//! `docs/generated/json.md` is made of both. A key that the table does not know fails, and so does a row that
//! no document has. `BLESS=1` rewrites the page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What one command prints.
#[derive(Default)]
struct Section<'t> {
    about: &'t str,
    /// Arguments, and whether `--json` is asked for.
    commands: Vec<(&'t str, bool)>,
    /// Paths and what they say, in order.
    rows: Vec<(&'t str, &'t str)>,
}

/// The sections by name, in order.
type Table<'t> = Vec<(&'t str, Section<'t>)>;

/// A path in the section of this name.
type Place<'t> = (&'t str, String);

/// What documents have at each place.
#[derive(Default)]
struct Seen<'t> {
    forms: BTreeMap<Place<'t>, BTreeSet<&'static str>>,
    unknown: BTreeSet<String>,
}

fn table(text: &str) -> Table<'_> {
    let mut table = Table::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix("## ") {
            table.push((name, Section::default()));
            continue;
        }
        let Some((_, section)) = table.last_mut() else { continue };
        match line.split_once('\t') {
            Some(row) => section.rows.push(row),
            None if line.starts_with(['$', '!']) => {
                section.commands.push((&line[2..], line.starts_with('$')));
            }
            None => section.about = line,
        }
    }
    table
}

fn rows<'a, 't>(table: &'a Table<'t>, name: &str) -> &'a [(&'t str, &'t str)] {
    let found = table.iter().find(|(section, _)| *section == name);
    &found.unwrap_or_else(|| panic!("json.tsv has no section {name}")).1.rows
}

fn row<'t>(table: &Table<'t>, (name, path): &Place<'_>) -> Option<&'t str> {
    rows(table, name).iter().find(|(key, _)| key == path).map(|(_, says)| *says)
}

/// Whether something is said below this path.
fn is_deeper(table: &Table<'_>, (name, path): &Place<'_>) -> bool {
    let below = |key: &str| key.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']));
    rows(table, name).iter().any(|(key, _)| path.is_empty() || below(key))
}

/// `@NAME PATH`: the place whose form a value has, too.
fn reference<'t>(table: &Table<'t>, says: &'t str) -> Option<Place<'t>> {
    let rest = says.strip_prefix('@')?;
    let name = table.iter().map(|(name, _)| *name).filter(|name| rest.starts_with(name));
    let name = name.max_by_key(|name| name.len()).unwrap_or_else(|| panic!("no section for {says}"));
    Some((name, rest[name.len()..].trim().to_owned()))
}

/// Holds a value against the rows of the places that describe it.
fn walk<'t>(table: &Table<'t>, value: &Value, places: Vec<Place<'t>>, seen: &mut Seen<'t>) {
    let mut all = places.clone();
    let mut is_told = false;
    for place in &places {
        let Some(says) = row(table, place) else { continue };
        is_told = true;
        seen.forms.entry(place.clone()).or_default().insert(form(value));
        all.extend(reference(table, says));
    }
    let children: Vec<(&str, &Value)> = match value {
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.as_str(), value)).collect(),
        Value::Array(elements) => elements.iter().map(|element| ("[]", element)).collect(),
        _ => Vec::new(),
    };
    let goes_deeper = all.iter().any(|place| is_deeper(table, place));
    if children.is_empty() {
        if !is_told && !(goes_deeper && (value.is_array() || value.is_object())) {
            seen.unknown.insert(format!("{}: {}", places[0].0, places[0].1));
        }
        return;
    }
    if is_told && !goes_deeper {
        return;
    }
    for (key, child) in children {
        let names: &[&str] = if value.is_array() { &["[]"] } else { &[key, "*"] };
        let known: Vec<Place<'t>> = all
            .iter()
            .filter_map(|(section, path)| {
                let below = names.iter().map(|name| (*section, joined(path, name)));
                below.into_iter().find(|place| row(table, place).is_some() || is_deeper(table, place))
            })
            .collect();
        if known.is_empty() {
            seen.unknown.insert(format!("{}: {}", places[0].0, joined(&places[0].1, key)));
        } else {
            walk(table, child, known, seen);
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    match (path, name) {
        (_, "[]") => format!("{path}[]"),
        ("", _) => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

fn form(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The page, of the table and of what documents have.
fn page(table: &Table<'_>, seen: &Seen<'_>) -> String {
    let mut out = String::from(
        "# JSON documents\n\n\
         <!-- Made of crates/milopt-cli/tests/json.tsv: BLESS=1 cargo test -p milopt-cli --test json -->\n\n\
         With `--json` a command prints one document to standard output; warnings and errors go to \
         standard error. New versions may add keys; what a key means changes only where the changelog says \
         so.\n\n\
         `*` stands for any name, `[]` for each element of a list. The forms are those of the documents that \
         the commands above each table print. A key that says nothing about a model is left out, unless its \
         forms have `null`.\n",
    );
    for (name, section) in table {
        out.push_str(&format!("\n## {name}\n\n{}\n\n```sh\n", section.about));
        for (command, is_json) in &section.commands {
            let flag = if *is_json { " --json" } else { "" };
            out.push_str(&format!("milopt {command}{flag}\n"));
        }
        out.push_str("```\n\n| key | form | |\n|---|---|---|\n");
        for (path, says) in &section.rows {
            let forms = seen.forms.get(&(*name, (*path).to_owned())).into_iter().flatten();
            let forms = forms.copied().collect::<Vec<_>>().join(", ");
            let says = match reference(table, says) {
                Some((section, path)) if path.is_empty() => {
                    format!("as [`{section}`](#{}) has it", section.replace(' ', "-"))
                }
                Some((section, path)) => {
                    format!("as [`{section}`](#{}) has it in `{path}`", section.replace(' ', "-"))
                }
                None => (*says).to_owned(),
            };
            out.push_str(&format!("| `{path}` | {forms} | {says} |\n"));
        }
    }
    out
}

#[test]
fn documents_hold_what_the_reference_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = include_str!("json.tsv");
    let table = table(text);
    // A history is only added to.
    let _ = std::fs::remove_file(root.join("target/json-history.jsonl"));
    std::fs::create_dir_all(root.join("target")).unwrap();
    let mut seen = Seen::default();
    for (name, section) in &table {
        for (command, is_json) in &section.commands {
            let mut milopt = Command::new(env!("CARGO_BIN_EXE_milopt"));
            milopt.current_dir(&root).args(command.split(' ')).args(is_json.then_some("--json"));
            let output = milopt.output().unwrap();
            if *is_json {
                let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
                    panic!("milopt {command}: {error}\n{}", String::from_utf8_lossy(&output.stderr))
                });
                walk(&table, &document, vec![(*name, String::new())], &mut seen);
            }
        }
    }
    let unknown: Vec<_> = seen.unknown.iter().map(String::as_str).collect();
    assert!(unknown.is_empty(), "json.tsv does not say what these are:\n{}", unknown.join("\n"));
    let all =
        table.iter().flat_map(|(name, section)| section.rows.iter().map(move |(path, _)| (*name, *path)));
    let gone: Vec<_> =
        all.filter(|(name, path)| !seen.forms.contains_key(&(*name, (*path).to_owned()))).collect();
    assert!(gone.is_empty(), "no document has these: {gone:?}");

    let path = root.join("docs/generated/json.md");
    let page = page(&table, &seen);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page,
        "docs/generated/json.md is stale: BLESS=1 cargo test -p milopt-cli --test json"
    );
}
