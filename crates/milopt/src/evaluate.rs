//! Which program of a model runs, and what its outputs are in an archive: what `milopt eval` does beside
//! running, for programs that embed it.

use mil_eval::{Array, ClassLabel, EvalValue};
use mil_ir::{Model, ModelPipeline, Name, Program};

/// Why nothing runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// A member must be chosen.
    #[error("a model of type {kind}: choose a member: {members}")]
    NoMember {
        /// The type of the model.
        kind: String,
        /// Number, name and type of each.
        members: String,
    },
    /// There is no such member.
    #[error("no member {wanted}: the members are {members}")]
    UnknownMember {
        /// What was asked for.
        wanted: String,
        /// Number, name and type of each.
        members: String,
    },
    /// The member is of another type.
    #[error("member {wanted} is of type {kind}: only ML Programs run; the members are {members}")]
    Member {
        /// What was asked for.
        wanted: String,
        /// Its type.
        kind: String,
        /// Number, name and type of each.
        members: String,
    },
    /// A member of what is no pipeline.
    #[error("a model of type {kind}: it has no members")]
    NotAPipeline {
        /// The type of the model.
        kind: String,
    },
    /// The model is of another type.
    #[error("a model of type {kind}: only ML Programs run")]
    Kind {
        /// The type of the model.
        kind: String,
    },
    /// There is no such function.
    #[error("there is no function {wanted}: the functions are {functions}")]
    Function {
        /// What was asked for, or would run.
        wanted: String,
        /// Those that there are.
        functions: String,
    },
}

/// The program that runs: the model itself, or a member of a pipeline, by its number from 0 on or its name.
///
/// # Errors
///
/// If there is no such member, or what was chosen is not a program.
pub fn program<'m>(model: &'m Model, member: Option<&str>) -> Result<&'m Program, ChoiceError> {
    let kind = || model.kind().to_string();
    match (model, member) {
        (Model::Program(program), None) => Ok(program),
        (Model::Pipeline(pipeline), Some(wanted)) => self::member(pipeline, wanted),
        (Model::Pipeline(pipeline), None) => {
            Err(ChoiceError::NoMember { kind: kind(), members: members(pipeline) })
        }
        (_, Some(_)) => Err(ChoiceError::NotAPipeline { kind: kind() }),
        (_, None) => Err(ChoiceError::Kind { kind: kind() }),
    }
}

fn member<'m>(pipeline: &'m ModelPipeline, wanted: &str) -> Result<&'m Program, ChoiceError> {
    let named = |(name, _): &&(Option<Name>, Model)| name.as_deref() == Some(wanted);
    let found = pipeline.members.iter().find(named);
    let found = found.or_else(|| pipeline.members.get(wanted.parse::<usize>().ok()?));
    let Some((_, model)) = found else {
        return Err(ChoiceError::UnknownMember { wanted: wanted.to_owned(), members: members(pipeline) });
    };
    model.as_program().ok_or_else(|| ChoiceError::Member {
        wanted: wanted.to_owned(),
        kind: model.kind().to_string(),
        members: members(pipeline),
    })
}

/// The members of a pipeline by number, name and type.
pub fn members(pipeline: &ModelPipeline) -> String {
    let all = pipeline.members.iter().enumerate().map(|(index, (name, model))| match name {
        Some(name) if !name.is_empty() => format!("{index} {name} ({})", model.kind()),
        _ => format!("{index} ({})", model.kind()),
    });
    all.collect::<Vec<_>>().join(", ")
}

/// The function that runs if none is named: the default one, else `main`, else the only one.
///
/// # Errors
///
/// If there is none of that name.
pub fn function(program: &Program, named: Option<&str>) -> Result<String, ChoiceError> {
    let names = || program.functions.keys().map(|name| name.as_str());
    let default = program.interface.default_function.as_deref();
    let only = names().next().filter(|_| program.functions.len() == 1);
    let name = named.or(default).or(only).unwrap_or("main");
    match program.functions.contains_key(name) {
        true => Ok(name.to_owned()),
        false => Err(ChoiceError::Function {
            wanted: name.to_owned(),
            functions: names().collect::<Vec<_>>().join(", "),
        }),
    }
}

/// A value as an archive holds it: an array, or the keys and the values of a dictionary as `NAME.keys` and
/// `NAME.values`. Lists and states have no form there.
pub fn as_arrays(name: &str, value: &EvalValue) -> Vec<(String, Array)> {
    match value {
        EvalValue::Array(array) => vec![(name.to_owned(), array.clone())],
        EvalValue::Dictionary(entries) => {
            let shape = [entries.len()];
            let numbers: Option<Vec<i64>> = entries
                .iter()
                .map(|(key, _)| match key {
                    ClassLabel::Int(number) => Some(*number),
                    ClassLabel::Text(_) => None,
                })
                .collect();
            let keys = match numbers {
                Some(numbers) => Array::from_vec(&shape, numbers),
                None => Array::from_vec(&shape, entries.iter().map(|(key, _)| label(key)).collect()),
            };
            let values = Array::from_vec::<f64>(&shape, entries.iter().map(|entry| entry.1).collect());
            let parts = [("keys", keys), ("values", values)];
            parts
                .into_iter()
                .filter_map(|(part, array)| Some((format!("{name}.{part}"), array.ok()?)))
                .collect()
        }
        EvalValue::List(_) | EvalValue::State(_) => Vec::new(),
    }
}

/// The name of a class.
pub fn label(label: &ClassLabel) -> String {
    match label {
        ClassLabel::Int(number) => number.to_string(),
        ClassLabel::Text(text) => text.clone(),
    }
}
