//! `milopt explain`.

use mil_estimate::legality::stance;
use mil_ops::{DefaultValue, Effect, OpDef, Param, ParamKind};
use mil_pass::{PassDef, Registry};
use serde_json::{Value, json};

use crate::cli::{Context, Failure, Outcome, passes, say, say_json};

/// All about an op: what it computes, parameters by opset, effects, where it can run, what rewrites it.
///
/// The id of a pass is as good: then it is what `milopt passes explain` says.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The type of an op, for example conv, or the id of a pass
    what: String,
    /// Print JSON for scripts
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> Outcome {
    let Some(def) = mil_ops::def(&args.what) else {
        return passes::explain(&context.registry, &args.what, args.json)
            .map_err(|_| Failure::Input(unknown(&args.what, &context.registry)));
    };
    if args.json {
        say_json(&to_json(def, &context.registry))
    } else {
        say(&describe(def, &context.registry))
    }
}

/// There is neither an op nor a pass of this name.
fn unknown(what: &str, registry: &Registry) -> String {
    if let Err(unknown) = registry.get(what)
        && (unknown.coremltools.is_some() || !unknown.similar.is_empty())
    {
        return unknown.to_string();
    }
    let is_like = |def: &&&OpDef| def.name.contains(what) || what.contains(def.name);
    let similar: Vec<&str> = mil_ops::all().iter().filter(is_like).map(|def| def.name).take(4).collect();
    match &similar[..] {
        [] => format!("there is no op {what}, and no pass"),
        similar => format!("there is no op {what}; is it {}?", similar.join(" or ")),
    }
}

fn describe(def: &OpDef, registry: &Registry) -> String {
    let text = mil_ops::describe(def, def.kernel.is_some());
    let mut text = format!("# {}\n\n*{}*. {text}", def.name, def.family);
    text.push_str(&format!("\n{}\n", place(def)));
    let rows = rewrites(def, registry);
    match &rows[..] {
        [] => text.push_str("\nNo pattern of a pass speaks of it.\n"),
        rows => {
            text.push_str("\n| pass | pattern | matches |\n|---|---|---|\n");
            for (pass, pattern, doc) in rows {
                text.push_str(&format!("| `{}` | `{pattern}` | {doc} |\n", pass.id));
            }
        }
    }
    text
}

/// Where the planner puts it, in words.
fn place(def: &OpDef) -> String {
    let Some(found) = stance(def.name) else {
        return "The estimator knows nothing of it.".to_owned();
    };
    let backends = match (found.ane, found.gpu) {
        (true, true) => "Neural Engine, GPU and CPU",
        (true, false) => "Neural Engine and CPU",
        (false, true) => "GPU and CPU",
        (false, false) => "CPU",
    };
    let mut text = format!("**Can run on:** {backends}, types and shapes allowing.\n");
    if found.ane && !found.refusals.is_empty() {
        text.push_str("\n| not on the Neural Engine where | Core ML's words |\n|---|---|\n");
        for (when, message) in &found.refusals {
            text.push_str(&format!("| `{when}` | {message} |\n"));
        }
    }
    text.trim_end().to_owned()
}

/// Patterns that look at ops of this type, or speak of them.
fn rewrites(def: &OpDef, registry: &Registry) -> Vec<(&'static PassDef, &'static str, &'static str)> {
    let patterns =
        registry.passes().iter().flat_map(|pass| pass.patterns.iter().map(move |one| (*pass, one)));
    let named = format!("`{}`", def.name);
    let patterns =
        patterns.filter(|(_, pattern)| pattern.anchors.contains(&def.name) || pattern.doc.contains(&named));
    patterns.map(|(pass, pattern)| (pass, pattern.name, pattern.doc)).collect()
}

fn to_json(def: &OpDef, registry: &Registry) -> Value {
    let versions: Vec<Value> = def
        .versions
        .iter()
        .map(|version| {
            let params: Vec<Value> = version
                .params
                .iter()
                .map(|param| {
                    let dtypes = version.dtypes(param);
                    let dtypes = dtypes.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
                    json!({
                        "name": param.name,
                        "doc": param.doc,
                        "kind": kind(param),
                        "types": dtypes,
                        "constant": param.constant,
                        "choices": param.choices,
                        "required": param.default.is_none(),
                        "default": param.default.map(default),
                    })
                })
                .collect();
            json!({"since": version.since.to_string(), "params": params})
        })
        .collect();
    let rewrites: Vec<Value> = rewrites(def, registry)
        .into_iter()
        .map(|(pass, pattern, doc)| json!({"pass": pass.id, "pattern": pattern, "matches": doc}))
        .collect();
    let stance = stance(def.name).map(|found| {
        let refusals = found.refusals.into_iter();
        let refusals: Vec<Value> =
            refusals.map(|(when, message)| json!({"when": when, "message": message})).collect();
        json!({"ane": found.ane, "gpu": found.gpu, "refusals": refusals})
    });
    json!({
        "op": def.name,
        "family": def.family.name(),
        "doc": def.doc,
        "effect": effect(def.effect),
        "traits": def.traits.iter().map(|fact| format!("{fact:?}").to_lowercase()).collect::<Vec<_>>(),
        "evaluated": def.kernel.is_some(),
        "versions": versions,
        "placement": stance,
        "rewrites": rewrites,
    })
}

fn kind(param: &Param) -> &'static str {
    match param.kind {
        ParamKind::Tensor => "tensor",
        ParamKind::Variadic => "variadic",
        ParamKind::List => "list",
        ParamKind::State => "state",
        ParamKind::Any => "any",
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "pure",
        Effect::ReadsState => "reads_state",
        Effect::WritesState => "writes_state",
        Effect::Random => "random",
    }
}

/// `null` where nothing stands in for the parameter; a rule as text.
fn default(default: DefaultValue) -> Value {
    match default {
        DefaultValue::Absent => Value::Null,
        DefaultValue::Bool(value) => value.into(),
        DefaultValue::Int(value) => value.into(),
        DefaultValue::Float(value) => value.into(),
        DefaultValue::Str(text) => text.into(),
        DefaultValue::EachAxis(value) => format!("{value} per spatial axis").into(),
        DefaultValue::EachSide(value) => format!("{value} per side of a spatial axis").into(),
        DefaultValue::Derived(rule) => rule.into(),
    }
}
