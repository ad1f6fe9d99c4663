//! The two spellings of a pipeline: text and JSON.
//!
//! ```text
//! pipeline  = [ step { "," step } ]
//! step      = id [ options ] | "fixpoint" "(" pipeline ")" [ "{" "max" "=" number "}" ] | name of a pipeline
//! options   = "{" [ key "=" value { "," key "=" value } ] "}"
//! value     = JSON, or a bare word, which is a string
//! ```
//!
//! Every pass takes the options `disable` and `only`, lists of pattern names. In JSON a pipeline is a list; a
//! step is a string, `{"pass": id, "options": {…}}` or `{"fixpoint": […], "max": n}`.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::pipeline::DEFAULT_ROUNDS;
use crate::{Entry, GrammarError, GrammarFault, Pipeline, Registry};

/// Depth of fixpoints in fixpoints that is read.
const MAX_DEPTH: usize = 16;

impl Pipeline {
    /// Reads the text form or the JSON form, whichever it is.
    pub fn read(text: &str, registry: &Registry) -> Result<Pipeline, GrammarError> {
        match text.trim_start().starts_with(['[', '{']) {
            true => Pipeline::from_json(text, registry),
            false => Pipeline::parse(text.trim_end(), registry),
        }
    }

    /// Reads the text form. A step may be the name of a pipeline, whose steps then stand in its place.
    pub fn parse(text: &str, registry: &Registry) -> Result<Pipeline, GrammarError> {
        let mut parser = Parser { text, at: 0, registry };
        let pipeline = parser.pipeline(0)?;
        parser.space();
        if parser.at < text.len() { Err(parser.fault("expected a comma or the end")) } else { Ok(pipeline) }
    }

    /// Reads the JSON form.
    pub fn from_json(text: &str, registry: &Registry) -> Result<Pipeline, GrammarError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| GrammarFault::Json(error.to_string()))?;
        from_value(&value, registry, 0)
    }

    /// The JSON form.
    pub fn to_json(&self) -> Value {
        Value::Array(self.entries.iter().map(to_value).collect())
    }
}

fn from_value(value: &Value, registry: &Registry, depth: usize) -> Result<Pipeline, GrammarError> {
    let fault = |message: &str| GrammarFault::Json(message.to_owned());
    let steps = value.as_array().ok_or_else(|| fault("a pipeline is a list"))?;
    if depth > MAX_DEPTH {
        return Err(fault("fixpoints are nested too deeply").into());
    }
    let mut entries = Vec::new();
    for step in steps {
        match step {
            Value::String(id) => match registry.pipeline(id) {
                Some(pipeline) => entries.extend(pipeline?.entries),
                None => entries.push(Entry::Pass(registry.step(id, Map::new())?)),
            },
            Value::Object(step) => {
                let allowed = |keys: &[&str]| step.keys().all(|key| keys.contains(&key.as_str()));
                if let Some(id) =
                    step.get("pass").and_then(Value::as_str).filter(|_| allowed(&["pass", "options"]))
                {
                    let options = match step.get("options") {
                        None => Map::new(),
                        Some(Value::Object(options)) => options.clone(),
                        Some(_) => return Err(fault("`options` is an object").into()),
                    };
                    entries.push(Entry::Pass(registry.step(id, options)?));
                } else if let Some(inner) = step.get("fixpoint").filter(|_| allowed(&["fixpoint", "max"])) {
                    let max = step.get("max").map_or(Some(DEFAULT_ROUNDS as u64), Value::as_u64);
                    let max = max.ok_or_else(|| fault("max is a number"))?;
                    let max = usize::try_from(max).map_err(|_| fault("max is too large"))?;
                    let entries_of = from_value(inner, registry, depth + 1)?.entries;
                    entries.push(Entry::Fixpoint { entries: entries_of, max });
                } else {
                    return Err(fault("a step has `pass` and `options`, or `fixpoint` and `max`").into());
                }
            }
            _ => return Err(fault("a step is a string or an object").into()),
        }
    }
    Ok(Pipeline { entries })
}

fn to_value(entry: &Entry) -> Value {
    match entry {
        Entry::Pass(pass) if pass.given().is_empty() => json!(pass.id()),
        Entry::Pass(pass) => json!({"pass": pass.id(), "options": pass.given()}),
        Entry::Fixpoint { entries, max } => {
            json!({"fixpoint": entries.iter().map(to_value).collect::<Vec<_>>(), "max": max})
        }
    }
}

impl fmt::Display for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_entries(f, &self.entries)
    }
}

fn write_entries(f: &mut fmt::Formatter<'_>, entries: &[Entry]) -> fmt::Result {
    for (i, entry) in entries.iter().enumerate() {
        f.write_str(if i > 0 { "," } else { "" })?;
        match entry {
            Entry::Pass(pass) => {
                f.write_str(pass.id())?;
                if !pass.given().is_empty() {
                    let options = pass.given().iter();
                    let text: Vec<String> =
                        options.map(|(key, value)| format!("{key}={}", spell(value))).collect();
                    write!(f, "{{{}}}", text.join(","))?;
                }
            }
            Entry::Fixpoint { entries, max } => {
                f.write_str("fixpoint(")?;
                write_entries(f, entries)?;
                write!(f, "){{max={max}}}")?;
            }
        }
    }
    Ok(())
}

/// A value as the grammar has it: a word that is not JSON stands bare.
fn spell(value: &Value) -> String {
    match value.as_str() {
        Some(word) if is_word(word) && serde_json::from_str::<Value>(word).is_err() => word.to_owned(),
        _ => value.to_string(),
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:.-".contains(&b))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    registry: &'a Registry,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn fault(&self, message: &str) -> GrammarError {
        self.located(GrammarFault::Syntax(message.to_owned()).into(), self.at)
    }

    /// An error with its place. One word needs none.
    fn located(&self, error: GrammarError, at: usize) -> GrammarError {
        if is_word(self.text.trim()) { error } else { error.at(self.text, at) }
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: char) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self) -> Option<String> {
        self.space();
        let len =
            self.rest().bytes().take_while(|&b| is_word(std::str::from_utf8(&[b]).unwrap_or(""))).count();
        let word = self.rest()[..len].to_owned();
        self.at += len;
        (len > 0).then_some(word)
    }

    fn pipeline(&mut self, depth: usize) -> Result<Pipeline, GrammarError> {
        if depth > MAX_DEPTH {
            return Err(self.fault("fixpoints are nested too deeply"));
        }
        let mut entries = Vec::new();
        self.space();
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return Ok(Pipeline { entries });
        }
        loop {
            self.space();
            let start = self.at;
            let id = self.word().ok_or_else(|| self.fault("expected a pass, a pipeline or `fixpoint`"))?;
            if id == "fixpoint" && self.eat('(') {
                let inner = self.pipeline(depth + 1)?;
                if !self.eat(')') {
                    return Err(self.fault("expected a comma or `)`"));
                }
                let mut max = DEFAULT_ROUNDS;
                for (key, value) in self.options()? {
                    let number = value.as_u64().and_then(|n| usize::try_from(n).ok());
                    max = number
                        .filter(|_| key == "max")
                        .ok_or_else(|| self.fault("a fixpoint takes `max=number`"))?;
                }
                entries.push(Entry::Fixpoint { entries: inner.entries, max });
            } else {
                let named = self.registry.pipeline(&id);
                let options = self.options()?;
                match named {
                    Some(_) if !options.is_empty() => {
                        return Err(self.fault("a named pipeline takes no options"));
                    }
                    Some(pipeline) => entries.extend(pipeline?.entries),
                    None => {
                        let pass = self.registry.step(&id, options);
                        entries.push(Entry::Pass(pass.map_err(|error| self.located(error, start))?));
                    }
                }
            }
            if !self.eat(',') {
                return Ok(Pipeline { entries });
            }
        }
    }

    fn options(&mut self) -> Result<Map<String, Value>, GrammarError> {
        let mut options = Map::new();
        if !self.eat('{') || self.eat('}') {
            return Ok(options);
        }
        loop {
            let key = self.word().ok_or_else(|| self.fault("expected the name of an option"))?;
            if !self.eat('=') {
                return Err(self.fault("expected `=`"));
            }
            let value = self.value()?;
            options.insert(key, value);
            if self.eat('}') {
                return Ok(options);
            }
            if !self.eat(',') {
                return Err(self.fault("expected a comma or `}`"));
            }
        }
    }

    fn value(&mut self) -> Result<Value, GrammarError> {
        self.space();
        let mut stream = serde_json::Deserializer::from_str(self.rest()).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next() {
            let end = self.at + stream.byte_offset();
            // `4bit` starts like a number but is a word.
            if self.text[end..].chars().next().is_none_or(|c| matches!(c, ',' | '}') || c.is_whitespace()) {
                self.at = end;
                return Ok(value);
            }
        }
        self.word().map(Value::String).ok_or_else(|| self.fault("expected a value: JSON or a bare word"))
    }
}
