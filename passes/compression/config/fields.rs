//! The fields of a configuration: read one by one, with messages for people.

use serde_json::{Map, Value};

/// Fields that are still to be read.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn new(given: Map<String, Value>) -> Fields {
        Fields(given)
    }

    /// A field; `None` where it is not given. `read` says what was expected.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let shown = value.to_string();
        match read(value) {
            Ok(value) => Ok(Some(value)),
            // What is inside says itself what was expected.
            Err(inner) if shown.starts_with(['{', '[']) => Err(format!("{name}: {inner}")),
            Err(expected) => Err(format!("{name}: expected {expected}, not {shown}")),
        }
    }

    /// A field that may be null, which is as if it were not given.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        self.take(name, |value| if value.is_null() { Ok(None) } else { read(value).map(Some) })
            .map(Option::flatten)
    }

    /// An error where a field is left that nobody took.
    pub(super) fn finish(&mut self, known: &[&str]) -> Result<(), String> {
        match self.0.keys().next() {
            Some(name) => Err(unknown("field", name, known)),
            None => Ok(()),
        }
    }
}

/// There is none of this name: the message names the one that is meant, or all.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase();
    let part = known.iter().find(|other| lower.len() > 3 && other.contains(&lower));
    let nearest = known.iter().min_by_key(|other| strsim::levenshtein(other, &lower));
    let near = |other: &&&str| strsim::levenshtein(other, &lower) <= other.len().div_ceil(3);
    match part.or(nearest.filter(near)) {
        Some(other) => format!("there is no {what} {name}; is it {other}?"),
        None => format!("there is no {what} {name}; there are {}", known.join(", ")),
    }
}

pub(super) fn text(value: Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "text".into())
}

pub(super) fn boolean(value: Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false".into())
}

pub(super) fn number(value: Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| "a number".into())
}

pub(super) fn count(value: Value) -> Result<usize, String> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| "a whole number from 0 on".into())
}

pub(super) fn counts(value: Value) -> Result<Vec<usize>, String> {
    let each = value.as_array().ok_or("a list of whole numbers")?;
    each.iter().map(|value| count(value.clone())).collect()
}

/// One of some names, in any case.
pub(super) fn one_of<T: Copy>(known: &'static [(&'static str, T)]) -> impl Fn(Value) -> Result<T, String> {
    move |value| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let text = value.as_str().map(str::to_lowercase);
        let found = known.iter().find(|(name, _)| Some(*name) == text.as_deref());
        found.map(|(_, meaning)| *meaning).ok_or_else(|| format!("one of {}", names.join(", ")))
    }
}

/// The name of a meaning.
pub(super) fn name_of<T: PartialEq>(known: &'static [(&'static str, T)], meaning: &T) -> &'static str {
    known.iter().find(|(_, other)| other == meaning).map_or("", |(name, _)| name)
}
