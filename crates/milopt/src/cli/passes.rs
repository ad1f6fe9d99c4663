//! `milopt passes`.

use std::collections::BTreeMap;

use mil_pass::{Entry, GrammarError, Numerics, OptionMap, PassDef, Pipeline, Registry};
use serde_json::json;

use crate::cli::{Context, Failure, Outcome, say, say_json};

/// What passes and pipelines there are, and what they do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Print JSON for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Every pass with one line about it
    List,
    /// All about a pass: what it does, before and after, options, patterns
    Explain {
        /// Its id, ours or coremltools'
        id: String,
    },
    /// Every named pipeline with its steps
    Pipelines,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let registry = &context.registry;
    match args.command.as_ref().unwrap_or(&Command::List) {
        Command::List => list(registry, args.json),
        Command::Explain { id } => explain(registry, id, args.json),
        Command::Pipelines => pipelines(registry, args.json),
    }
}

/// The named pipelines that use each pass.
fn users(registry: &Registry) -> Result<BTreeMap<&'static str, Vec<&'static str>>, GrammarError> {
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in registry.pipelines() {
        let Some(pipeline) = registry.pipeline(name) else { continue };
        for pass in pipeline?.passes() {
            let names = users.entry(pass.def().id).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(users)
}

fn list(registry: &Registry, as_json: bool) -> Outcome {
    let users = users(registry)?;
    let in_pipelines = |def: &PassDef| users.get(def.id).cloned().unwrap_or_default();
    if as_json {
        let all = registry.passes().iter().map(|def| {
            let mut value = to_json(def);
            value["theme"] = json!(def.theme());
            value["pipelines"] = json!(in_pipelines(def));
            value
        });
        return say_json(&all.collect::<Vec<_>>());
    }
    let mut themes: BTreeMap<&str, Vec<&PassDef>> = BTreeMap::new();
    for &def in registry.passes() {
        themes.entry(def.theme().unwrap_or("other")).or_default().push(def);
    }
    let width = registry.passes().iter().map(|def| def.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (theme, passes) in themes {
        text.push_str(&format!("{theme}\n"));
        for def in passes {
            let names = match &in_pipelines(def)[..] {
                [] => "in no pipeline".to_owned(),
                names => format!("in {}", names.join(", ")),
            };
            text.push_str(&format!("  {:width$}  {} ({names})\n", def.id, def.summary()));
        }
        text.push('\n');
    }
    say(&format!("{text}`milopt passes explain ID` tells more.\n"))
}

/// Says all about a pass.
pub(super) fn explain(registry: &Registry, id: &str, as_json: bool) -> Outcome {
    let (def, _) = registry.get(id).map_err(|unknown| Failure::Input(unknown.to_string()))?;
    let pipelines = users(registry)?.remove(def.id).unwrap_or_default();
    if as_json {
        let mut value = to_json(def);
        value["theme"] = json!(def.theme());
        value["pipelines"] = json!(pipelines);
        return say_json(&value);
    }
    let runs = match &pipelines[..] {
        [] => "none of the named ones".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    say(&format!("{}\n**Pipelines:** {runs}.\n", describe(def)))
}

/// All about a pass as Markdown: what the terminal shows and the reference holds.
pub(crate) fn describe(def: &PassDef) -> String {
    let mut text = format!("# {}\n\n", def.id);
    for line in def.doc.lines() {
        text.push_str(line.strip_prefix(' ').unwrap_or(line));
        text.push('\n');
    }
    text.push_str(&format!("\n**Numerics:** {}.\n", numerics(def.numerics)));
    if def.changes_interface {
        text.push_str("\n**Interface:** it changes what an app sees.\n");
    }
    text.push_str(&counterparts(def));
    let options = (def.options)();
    if !options.is_empty() {
        text.push_str("\n| option | default | |\n|---|---|---|\n");
        for option in options {
            let doc = option.doc.split_whitespace().collect::<Vec<_>>().join(" ");
            text.push_str(&format!("| `{}` | `{}` | {doc} |\n", option.name, option.default));
        }
    }
    if !def.patterns.is_empty() {
        text.push_str("\n| pattern | matches |\n|---|---|\n");
        for pattern in def.patterns {
            let ours = if pattern.ours_only { " (not in coremltools)" } else { "" };
            text.push_str(&format!("| `{}` | {}{ours} |\n", pattern.name, pattern.doc));
        }
    }
    if !def.statistics.is_empty() {
        text.push_str("\n| statistic | counts |\n|---|---|\n");
        for statistic in def.statistics {
            text.push_str(&format!("| `{}` | {} |\n", statistic.name, statistic.doc));
        }
    }
    text
}

/// What coremltools has of the pass, and in what it differs.
fn counterparts(def: &PassDef) -> String {
    if def.aliases.is_empty() {
        return "\n**coremltools:** has no such pass.\n".to_owned();
    }
    let mut text = String::new();
    for alias in def.aliases {
        let mut differs = Vec::new();
        let ours: Vec<String> = def
            .patterns
            .iter()
            .filter(|pattern| pattern.ours_only)
            .map(|pattern| format!("`{}`", pattern.name))
            .collect();
        if !ours.is_empty() {
            differs.push(format!("without {}", ours.join(", ")));
        }
        // What an id sets where nothing is given.
        let set = (alias.adapt)(OptionMap::new()).unwrap_or_default();
        let set: Vec<String> = set.iter().map(|(option, value)| format!("`{option}={value}`")).collect();
        if !set.is_empty() {
            differs.push(format!("with {} unless said otherwise", set.join(", ")));
        }
        let differs = if differs.is_empty() { "the same".to_owned() } else { differs.join(", ") };
        text.push_str(&format!("\n**coremltools:** `{}` is {differs}.\n", alias.id));
    }
    text
}

fn numerics(class: Numerics) -> String {
    match class {
        Numerics::Exact => "exact, the same bits".to_owned(),
        Numerics::Rounding => "rounding only".to_owned(),
        Numerics::Lossy { min_snr_db } if min_snr_db == f64::NEG_INFINITY => {
            "other numbers, of the same types and shapes".to_owned()
        }
        Numerics::Lossy { min_snr_db } => format!("lossy, {min_snr_db} dB of signal to noise remain"),
    }
}

fn to_json(def: &PassDef) -> serde_json::Value {
    let options: Vec<_> = (def.options)()
        .into_iter()
        .map(|option| json!({"name": option.name, "doc": option.doc.trim(), "default": option.default}))
        .collect();
    let patterns: Vec<_> = def
        .patterns
        .iter()
        .map(|pattern| json!({"name": pattern.name, "doc": pattern.doc, "ours_only": pattern.ours_only}))
        .collect();
    json!({
        "id": def.id,
        "summary": def.summary(),
        "doc": def.doc,
        "numerics": numerics(def.numerics),
        "changes_interface": def.changes_interface,
        "aliases": def.aliases.iter().map(|alias| alias.id).collect::<Vec<_>>(),
        "options": options,
        "patterns": patterns,
    })
}

fn pipelines(registry: &Registry, as_json: bool) -> Outcome {
    let mut all = serde_json::Map::new();
    let mut text = String::new();
    for name in registry.pipelines() {
        let Some(pipeline) = registry.pipeline(name) else { continue };
        let pipeline = pipeline?;
        let empty = if pipeline.entries.is_empty() { " empty, the model stays as it is" } else { "" };
        text.push_str(&format!("{name}:{empty}\n"));
        steps(&pipeline.entries, 1, &mut text);
        all.insert(name.to_owned(), pipeline.to_json());
    }
    if as_json { say_json(&all) } else { say(&text) }
}

/// One step a line, those of a fixpoint indented.
fn steps(entries: &[Entry], depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for entry in entries {
        match entry {
            Entry::Fixpoint { entries, max } => {
                text.push_str(&format!("{indent}until nothing changes, at most {max} times:\n"));
                steps(entries, depth + 1, text);
            }
            step => {
                let step = Pipeline { entries: vec![step.clone()] };
                text.push_str(&format!("{indent}{step}\n"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mil_pass::PassDef;

    /// What `milopt passes explain` prints, as a part of a page: Before and After are no headings there.
    fn part(def: &PassDef) -> String {
        let text = super::describe(def);
        let mut is_code = false;
        let lines = text.trim_end().lines().map(|line| {
            is_code ^= line.starts_with("```");
            match line.strip_prefix("# ").filter(|_| !is_code) {
                Some(title) if title == def.id => format!("### {title}\n"),
                Some(title) => format!("**{title}**\n\n"),
                None => format!("{line}\n"),
            }
        });
        lines.collect::<String>() + "\n"
    }

    /// `docs/generated/passes.md` is what `milopt passes explain` prints of every pass, by theme. `BLESS=1`
    /// rewrites it.
    #[test]
    fn the_reference_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/generated/passes.md");
        let head = "<!-- Made by `BLESS=1 cargo test -p milopt --features cli`; do not edit. -->\n\n";
        let registry = mil_passes::registry();
        let users = super::users(&registry).unwrap();
        let mut themes: BTreeMap<&str, Vec<&PassDef>> = BTreeMap::new();
        for &def in mil_passes::PASSES {
            themes.entry(def.theme().unwrap_or("other")).or_default().push(def);
        }
        let (mut index, mut passes) = (String::new(), String::new());
        for (theme, defs) in themes {
            passes.push_str(&format!("## {theme}\n\n"));
            for def in defs {
                let pipelines = users.get(def.id).map_or(String::new(), |names| names.join(", "));
                index.push_str(&format!(
                    "| {theme} | [`{0}`](#{0}) | {1} | {pipelines} |\n",
                    def.id,
                    def.summary()
                ));
                passes.push_str(&part(def));
            }
        }
        let absent: String =
            registry.reasons().iter().map(|(id, reason)| format!("| `{id}` | {reason} |\n")).collect();
        let absent = format!(
            "## Passes of coremltools without a counterpart\n\n| coremltools | why |\n|---|---|\n{absent}"
        );
        let text = format!(
            "{head}# Passes\n\nEvery pass: what it does, what it promises of numbers, its options and patterns, \
             and the pipelines that run it. `milopt passes explain ID` prints the same.\n\n\
             | theme | pass | | pipelines |\n|---|---|---|---|\n{index}\n{passes}{absent}"
        );
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap_or_default() == text,
            "docs/generated/passes.md is stale"
        );
    }
}
