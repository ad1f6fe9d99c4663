//! An op in words: what the reference and `milopt explain` show.

use crate::{DefaultValue, Effect, OpDef, Param, ParamKind, Types, Version};

/// All about an op as Markdown: what it computes, facts, and the parameters of each version. Whether the
/// interpreter runs it hangs on the feature `eval`, and is for the caller to say.
pub fn describe(def: &OpDef, evaluated: bool) -> String {
    let mut facts: Vec<String> = def.traits.iter().map(|fact| format!("{fact:?}").to_lowercase()).collect();
    facts.extend(match def.effect {
        Effect::Pure => None,
        Effect::ReadsState => Some("reads a state".to_owned()),
        Effect::WritesState => Some("writes a state".to_owned()),
        Effect::Random => Some("random".to_owned()),
    });
    facts.extend(def.infer.map(|_| "types inferred".to_owned()));
    facts.extend(def.check.map(|_| "further checks".to_owned()));
    facts.extend(evaluated.then(|| "evaluated".to_owned()));
    let mut text = format!("{}\n\n{}.\n", def.doc, capital(&facts.join(" · ")));
    for version in def.versions {
        text.push_str(&format!("\n**{}**", version.since));
        for (id, dtypes) in version.domains {
            let dtypes: Vec<String> = dtypes.iter().map(ToString::to_string).collect();
            text.push_str(&format!(" · {id}: {}", dtypes.join(", ")));
        }
        text.push('\n');
        if !version.params.is_empty() {
            text.push_str("\n| parameter | type | default | |\n|---|---|---|---|\n");
        }
        version.params.iter().for_each(|param| text.push_str(&row(version, param)));
    }
    text
}

fn row(version: &Version, param: &Param) -> String {
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
        let choices: Vec<String> = param.choices.iter().map(|text| format!("`{text}`")).collect();
        doc.push_str(&format!(" One of {}.", choices.join(", ")));
    }
    format!("| `{}` | {} | {} | {doc} |\n", param.name, ty.join(" "), default(param))
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
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
