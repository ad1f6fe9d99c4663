//! The steps of `run` and `estimate --what-if`, in the order of the command line.

use std::path::Path;

use mil_pass::{Pipeline, Registry};
use serde_json::Value;

use crate::cli::Failure;

/// One of the flags whose order counts.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// `--pipeline`
    Pipeline(String),
    /// `--pass`
    Pass(String),
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
            _ => continue,
        };
        steps.extend(value.or_else(|| arguments.next().cloned()).map(make));
    }
    steps
}

/// A pipeline from its name, the path of a JSON or text file, or text.
pub(super) fn pipeline(text: &str, registry: &Registry) -> Result<Pipeline, Failure> {
    let path = Path::new(text);
    if registry.pipeline(text).is_none()
        && (path.extension().is_some() || text.contains('/'))
        && path.is_file()
    {
        let content = std::fs::read_to_string(path)
            .map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))?;
        let json = content.trim_start().starts_with('[');
        return Ok(if json {
            Pipeline::from_json(&content, registry)?
        } else {
            Pipeline::parse(content.trim(), registry)?
        });
    }
    Ok(Pipeline::parse(text, registry)?)
}

/// The whole pipeline of a command line: steps in order, then `--set ID.OPTION=JSON` for every entry with that id.
pub(super) fn assemble(
    steps: &[Step],
    settings: &[String],
    registry: &Registry,
) -> Result<Pipeline, Failure> {
    let mut all = Pipeline::new();
    for step in steps {
        all = all.then(match step {
            Step::Pipeline(text) => pipeline(text, registry)?,
            Step::Pass(id) => Pipeline { entries: vec![registry.entry(id, serde_json::json!({}))?] },
        });
    }
    for setting in settings {
        let fault = || Failure::Input(format!("--set {setting}: expected ID.OPTION=JSON"));
        let (target, value) = setting.split_once('=').ok_or_else(fault)?;
        let (id, option) = target.rsplit_once('.').ok_or_else(fault)?;
        let value: Value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        if all.set(id, option, &value, registry)? == 0 {
            return Err(Failure::Input(format!("--set {setting}: the pipeline has no {id}")));
        }
    }
    Ok(all)
}
