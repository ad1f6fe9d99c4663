//! The steps of `run` and `estimate --what-if`, in the order of the command line.

use std::path::Path;

use mil_pass::{Entry, OptionMap, Pipeline, Registry};
use serde_json::Value;

use crate::cli::Failure;
use crate::cli::flags::{self, Flag};

/// One of the flags whose order counts.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `--pipeline`
    Pipeline(String),
    /// `--pass`
    Pass(String),
    /// A flag that stands for a pass, with what it was given.
    Flag(&'static Flag, String),
}

/// The steps among raw arguments, in their order.
pub(super) fn steps(raw: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut arguments = raw.iter();
    while let Some(argument) = arguments.next() {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let make: fn(String) -> Step = match flag {
            "--" => break,
            "--pipeline" => Step::Pipeline,
            "--pass" => Step::Pass,
            flag => {
                let Some(flag) = flags::find(flag) else { continue };
                let value = if flag.is_bare { value.or(Some(String::new())) } else { value };
                steps
                    .extend(value.or_else(|| arguments.next().cloned()).map(|value| Step::Flag(flag, value)));
                continue;
            }
        };
        steps.extend(value.or_else(|| arguments.next().cloned()).map(make));
    }
    steps
}

/// A pipeline from its name, the path of a JSON or text file, or the text itself, in either form.
pub(super) fn pipeline(text: &str, registry: &Registry) -> Result<Pipeline, Failure> {
    if registry.pipeline(text).is_none() && looks_like_a_path(text) {
        let path = Path::new(text);
        if !path.exists() {
            return Err(Failure::Input(format!("there is no file {text}, nor a pipeline of that name")));
        }
        let content = std::fs::read_to_string(path)
            .map_err(|error| Failure::Input(format!("cannot read {text}: {error}")))?;
        return Ok(Pipeline::read(&content, registry).map_err(|error| error.in_file(text))?);
    }
    Ok(Pipeline::read(text, registry)?)
}

/// One word with a dot or a slash in it: no id has one.
fn looks_like_a_path(text: &str) -> bool {
    let is_grammar = |c: char| matches!(c, '{' | '}' | '(' | ')' | '[' | ',' | '=');
    text.contains(['.', '/', '\\']) && (!text.contains(is_grammar) || Path::new(text).is_file())
}

/// The whole pipeline of a command line: steps in order, then `--set ID.OPTION=JSON` for every entry with
/// that id.
pub(super) fn assemble(
    steps: &[Step],
    settings: &[String],
    registry: &Registry,
) -> Result<Pipeline, Failure> {
    let mut all = Pipeline::new();
    let mut rest = steps;
    while let Some((step, after)) = rest.split_first() {
        rest = after;
        all = all.then(match step {
            Step::Pipeline(text) => pipeline(text, registry)?,
            // A pipeline's name is as good: there is no pass that could be meant by it.
            Step::Pass(id) => Pipeline::parse(id, registry)?,
            Step::Flag(flag, value) => {
                // Flags for one pass that follow each other are one step.
                let mut options = OptionMap::new();
                flag.read(value, &mut options).map_err(Failure::Input)?;
                while let Some((Step::Flag(next, value), after)) = rest.split_first()
                    && next.pass == flag.pass
                {
                    next.read(value, &mut options).map_err(Failure::Input)?;
                    rest = after;
                }
                Pipeline { entries: vec![Entry::Pass(registry.step(flag.pass, options)?)] }
            }
        });
    }
    for setting in settings {
        let fault = || Failure::Input(format!("--set {setting}: expected ID.OPTION=JSON"));
        let (target, value) = setting.split_once('=').ok_or_else(fault)?;
        let (id, option) = target.rsplit_once('.').ok_or_else(fault)?;
        let value: Value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        if all.set(id, option, &value)? == 0 {
            return Err(missing(&format!("--set {setting}"), id, &all, registry));
        }
    }
    Ok(all)
}

/// Tells the passes that ask for them what chips, and what systems, a model is for.
pub(super) fn aim(pipeline: &mut Pipeline, chips: &str, systems: Option<&str>) -> Result<(), Failure> {
    let list = |text: &str| text.split(',').map(|item| Value::from(item.trim())).collect::<Value>();
    match crate::suggest::aim(pipeline, &list(chips), systems.map(list).as_ref())? {
        0 => {
            let ids = crate::suggest::PLACERS.join(" or ");
            Err(Failure::Input(format!("--chip {chips}: the pipeline has no {ids}; --pipeline ane has them")))
        }
        _ => Ok(()),
    }
}

/// An error unless every id that a flag names, `all` apart, is one of a pass which the pipeline has.
pub(super) fn check_named(
    flag: &str,
    ids: Option<&str>,
    pipeline: &Pipeline,
    registry: &Registry,
) -> Result<(), Failure> {
    for id in ids.into_iter().flat_map(|ids| ids.split(',')).filter(|id| *id != "all") {
        if !pipeline.passes().any(|pass| pass.def().has_id(id)) {
            return Err(missing(&format!("{flag} {id}"), id, pipeline, registry));
        }
    }
    Ok(())
}

/// What a flag names is not in the pipeline: it stands there under another id, or not at all.
fn missing(flag: &str, id: &str, pipeline: &Pipeline, registry: &Registry) -> Failure {
    let def = match registry.get(id) {
        Ok((def, _)) => def,
        Err(unknown) => return Failure::Input(format!("{flag}: {unknown}")),
    };
    let other = pipeline.passes().find(|pass| pass.def().id == def.id);
    let hint = other.map_or_else(String::new, |pass| format!("; it has {}", pass.id()));
    Failure::Input(format!("{flag}: the pipeline has no {id}{hint}"))
}
